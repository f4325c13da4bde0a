import { historyStatements, sqlite, type HistoryStatements } from '@detent/sql';
import type { Connection } from './driver.ts';
import { lockStatements, type LockStatements } from './lock-statements.ts';

/** Detent's own tables: their names, and the statements that read and write them. */
export interface Bookkeeping {
  readonly history: HistoryStatements;
  readonly lock: LockStatements;
  /** The names that are no part of the user's schema. */
  readonly own: readonly string[];
}

/** Always qualified: a temporary table of the same name would stand in front. Throws `CONFIG` for an impossible name. */
export function bookkeeping(table: string): Bookkeeping {
  const history = historyStatements(sqlite, { table, schema: 'main' });
  return { history, lock: lockStatements(history), own: Object.values(history.tableNames) };
}

export function hasTable(connection: Connection, name: string): boolean {
  return connection.get(FIND_TABLE, name) !== undefined;
}

const FIND_TABLE = "SELECT 1 FROM main.sqlite_schema WHERE type IN ('table', 'view') AND name = ? COLLATE NOCASE";
