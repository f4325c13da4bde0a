import { quoteIdent, sqlite } from '@detent/sql';

/** The statements of the lock's one row. Times are milliseconds since 1970 on the database's clock. */
export interface LockStatements {
  readonly exists: string;
  readonly create: string;
  readonly seed: string;
  readonly read: string;
  readonly row: string;
  readonly put: string;
  readonly token: string;
  readonly lockedBy: string;
  readonly take: string;
  readonly heartbeat: string;
  readonly giveBack: string;
  readonly void: string;
}

const NOW = "CAST(unixepoch('subsec') * 1000 AS INTEGER)";
const COLUMNS = 'token, run_id, username, host, pid, process_key, since, heartbeat';

export function lockStatements(name: string): LockStatements {
  const table = quoteIdent(sqlite, 'main', name);
  return {
    exists: `SELECT 1 FROM main.sqlite_schema WHERE type = 'table' AND name = '${name.replaceAll("'", "''")}'`,
    create: `CREATE TABLE IF NOT EXISTS ${table} (
      id INTEGER PRIMARY KEY CHECK (id = 1), token INTEGER NOT NULL, run_id TEXT, username TEXT, host TEXT, pid INTEGER,
      process_key TEXT, since INTEGER, heartbeat INTEGER)`,
    seed: `INSERT OR IGNORE INTO ${table} (id, token) VALUES (1, 0)`,
    read: `SELECT ${COLUMNS}, ${NOW} AS now FROM ${table} WHERE id = 1`,
    row: `SELECT ${COLUMNS} FROM ${table} WHERE id = 1`,
    put: `INSERT OR REPLACE INTO ${table} (id, ${COLUMNS}) VALUES (1, ?, ?, ?, ?, ?, ?, ?, ?)`,
    token: `SELECT token FROM ${table} WHERE id = 1`,
    lockedBy: `SELECT run_id FROM ${table} WHERE id = 1`,
    take: `UPDATE ${table} SET token = token + 1, run_id = ?, username = ?, host = ?, pid = ?, process_key = ?, since = ${NOW}, heartbeat = ${NOW} WHERE id = 1`,
    heartbeat: `UPDATE ${table} SET heartbeat = ${NOW} WHERE id = 1 AND token = ?`,
    giveBack: `UPDATE ${table} SET run_id = NULL WHERE id = 1 AND token = ?`,
    void: `UPDATE ${table} SET token = token + 1, run_id = NULL WHERE id = 1`,
  };
}
