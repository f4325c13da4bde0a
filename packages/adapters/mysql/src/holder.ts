import type { LockHolder } from '@detent/core';
import type { TextRow } from './wire.ts';

/** Who holds the lock, and by what. */
export interface Holder extends LockHolder {
  /** The connection that has the lock in the server. */
  readonly connection: number;
  /** The row says who it is; a connection that was deprived of the row may keep the lock until it ends. */
  readonly named: boolean;
}

/** `null` when the lock is free: no connection has it. */
export function readHolder(row: TextRow | undefined): Holder | null {
  const connection = row?.['lock_id'] ?? null;
  if (row === undefined || connection === null) return null;
  const number = (name: string): number => Number(row[name] ?? 0);
  const since = number('now') - number('seconds') * 1_000;
  // A statement that runs is life enough; between statements the holder writes the time now and then.
  const heartbeat = row['command'] === 'Query' ? row['now'] : row['heartbeat'];
  const common = { heartbeat: heartbeat ?? '', token: number('token'), connection: Number(connection) };
  const runId = row['run_id'] ?? null;
  if (runId !== null && row['backend'] === connection) {
    return {
      ...common,
      runId,
      username: row['username'] ?? 'unknown',
      host: row['host'] ?? 'unknown',
      pid: number('pid'),
      since: number('since'),
      named: true,
    };
  }
  // It has the lock and has not written yet who it is, or has been deprived of the row.
  return {
    ...common,
    runId: `connection ${connection}`,
    username: row['client_user'] ?? 'unknown',
    host: row['client_host'] ?? 'unknown',
    pid: Number(connection),
    since,
    named: false,
  };
}
