import { DetentError } from '@detent/core';
import type { Connection, Row } from './driver.ts';
import { failureOf } from './errors.ts';

/** How many rows of one foreign key point at nothing. */
interface Violation {
  readonly table: string;
  readonly parent: string;
  readonly key: number;
  readonly rows: number;
}

/** By child table, key and parent. */
export type Violations = ReadonlyMap<string, Violation>;

/** Every row that points at nothing, and every key whose parent is not there or cannot be one, rows or no rows. */
export function findViolations(connection: Connection): Violations {
  const found = new Map<string, Violation>();
  const add = (row: Row): void => {
    const violation = {
      table: String(row['child']),
      parent: String(row['parent']),
      key: Number(row['key']),
      rows: Number(row['rows']),
    };
    const id = JSON.stringify([violation.table.toLowerCase(), violation.key, violation.parent.toLowerCase()]);
    if (violation.rows > 0 || !found.has(id)) found.set(id, violation);
  };
  for (const row of connection.all(KEYS_WITHOUT_PARENT)) add(row);
  for (const { child } of connection.all(CHILD_TABLES)) {
    try {
      for (const row of connection.all(ORPHANED_ROWS, child)) add(row);
    } catch (error) {
      // A parent whose key is not unique: SQLite cannot check such a table at all.
      const parent = /^foreign key mismatch .* referencing "(.*)"$/.exec(failureOf(error)?.message ?? '')?.[1];
      if (parent === undefined) throw error;
      add({ child, parent, key: -1, rows: 0 });
    }
  }
  return found;
}

/** Throws `FOREIGN_KEYS` for what was not there, or not as often, before. */
export function refuseNew(before: Violations, after: Violations, cause?: unknown): void {
  const fresh = [...after].filter(([id, { rows }]) => {
    const known = before.get(id);
    return known === undefined || rows > known.rows;
  });
  const first = fresh[0]?.[1];
  if (first === undefined) return;
  const more = fresh.length > 1 ? `, and ${fresh.length - 1} more foreign keys are broken` : '';
  const what =
    first.rows > 0
      ? `${first.rows} ${first.rows === 1 ? 'row' : 'rows'} of "${first.table}" would point at nothing in "${first.parent}"${more}.`
      : `"${first.table}" would refer to the table "${first.parent}", which is not there or has no such unique key${more}.`;
  throw new DetentError('FOREIGN_KEYS', what, {
    hint:
      first.rows > 0
        ? 'Correct or delete those rows in the migration; PRAGMA foreign_key_check lists them.'
        : 'To rebuild a table, make the new one under another name, copy, drop the old one, then rename the new one.',
    facts: { violations: fresh.map(([, violation]) => violation) },
    cause,
  });
}

const ORPHANED_ROWS = `
  SELECT "table" AS child, parent, fkid AS key, count(*) AS rows
  FROM pragma_foreign_key_check(?) GROUP BY 1, 2, 3`;

const CHILD_TABLES = `
  SELECT DISTINCT child.name AS child
  FROM main.sqlite_schema AS child JOIN pragma_foreign_key_list(child.name) AS key
  WHERE child.type = 'table'`;

const KEYS_WITHOUT_PARENT = `
  SELECT DISTINCT child.name AS child, key."table" AS parent, key.id AS key, 0 AS rows
  FROM main.sqlite_schema AS child JOIN pragma_foreign_key_list(child.name) AS key
  WHERE child.type = 'table'
    AND NOT EXISTS (SELECT 1 FROM main.sqlite_schema AS parent WHERE parent.type = 'table' AND lower(parent.name) = lower(key."table"))`;
