import { LOCK_COLUMNS, onDemand, quoteIdent, sqlite, type HistoryStatements } from '@detent/sql';

/** The statements of the lock's one row. Times are milliseconds since 1970 on the database's clock. */
export interface LockStatements {
  /** The table's name, to be looked up in the schema. */
  readonly table: string;
  readonly create: readonly string[];
  /** The holder, and the time as `now`. */
  readonly read: string;
  readonly token: string;
  readonly runId: string;
  readonly take: string;
  readonly heartbeat: string;
  readonly giveBack: string;
  readonly void: string;
  /** All of the row, and writing all of it, in the same order. */
  readonly row: string;
  readonly put: string;
}

const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";

export function lockStatements(history: HistoryStatements): LockStatements {
  const table = history.tables.lock;
  const columns = (): string => LOCK_COLUMNS.map(({ name }) => quoteIdent(sqlite, name)).join(', ');
  return onDemand<LockStatements>({
    table: () => history.tableNames.lock,
    create: () => history.createLock,
    read: () =>
      `SELECT token, run_id, username, host, pid, process_key, since, heartbeat, ${NOW} AS now FROM ${table} WHERE id = 1`,
    token: () => `SELECT token FROM ${table} WHERE id = 1`,
    runId: () => `SELECT run_id FROM ${table} WHERE id = 1`,
    take: () =>
      `UPDATE ${table} SET token = token + 1, run_id = ?, username = ?, host = ?, pid = ?, process_key = ?, ` +
      `since = ${NOW}, heartbeat = ${NOW} WHERE id = 1`,
    heartbeat: () => `UPDATE ${table} SET heartbeat = ${NOW} WHERE id = 1 AND token = ?`,
    giveBack: () => `UPDATE ${table} SET run_id = NULL WHERE id = 1 AND token = ?`,
    void: () => `UPDATE ${table} SET token = token + 1, run_id = NULL WHERE id = 1`,
    row: () => `SELECT ${columns()} FROM ${table} WHERE id = 1`,
    put: () => `INSERT OR REPLACE INTO ${table} (${columns()}) VALUES (${LOCK_COLUMNS.map(() => '?').join(', ')})`,
  });
}
