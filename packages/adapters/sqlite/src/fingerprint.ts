import { hash } from 'node:crypto';
import { normalizeSql, sqlite } from '@detent/sql';
import type { Connection } from './driver.ts';

/**
 * `sha256:<hex>` of everything in the schema except what SQLite and Detent keep for themselves. SQLite stores each
 * object as the text of its CREATE statement, edited by every ALTER, and that text says all there is: columns, types,
 * checks, keys, generated columns. In its canonical form it does not tell how the object came to be what it is.
 */
export function schemaFingerprint(connection: Connection, own: readonly string[]): string {
  const lines: string[] = [];
  for (const row of connection.all(SCHEMA)) {
    const [type, name, table, sql] = [
      String(row['type']),
      lower(row['name']),
      lower(row['tbl_name']),
      String(row['sql']),
    ];
    if (own.some((mine) => lower(mine) === table)) continue;
    lines.push(JSON.stringify([type, name, table, normalizeSql(sql, sqlite)]));
  }
  return `sha256:${hash('sha256', lines.sort().join('\n'))}`;
}

const SCHEMA =
  "SELECT type, name, tbl_name, sql FROM main.sqlite_schema WHERE sql IS NOT NULL AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\'";

/** As SQLite compares names: ASCII letters only. */
function lower(name: unknown): string {
  return String(name).replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}
