import type { LockHolder } from '@detent/core';
import type { TextRow } from './wire.ts';

/** Who holds the lock, and by what. */
export interface Holder extends LockHolder {
  /** The session in the server; `null` where a lease holds it and nothing runs. */
  readonly backend: number | null;
  /** The row says who it is; a session that was deprived of the row may keep the lock until it ends. */
  readonly named: boolean;
}

/** `null` when the lock is free: no session has it, and no lease runs. */
export function readHolder(row: TextRow | undefined): Holder | null {
  if (row === undefined) return null;
  const number = (name: string): number => Number(row[name] ?? 0);
  const backend = row['lock_pid'] === null || row['lock_pid'] === undefined ? null : number('lock_pid');
  const runId = row['run_id'] ?? null;
  const leaseRuns = runId !== null && row['expires'] !== null && number('expires') >= number('now');
  if (backend === null && !leaseRuns) return null;
  // A statement that runs is life enough; between statements each one leaves its time.
  const sign = row['state'] === 'active' ? number('now') : Math.max(number('state_change'), number('heartbeat'));
  if (runId !== null && (backend === null || leaseRuns || row['backend'] === String(backend))) {
    return {
      runId,
      username: row['username'] ?? 'unknown',
      host: row['host'] ?? 'unknown',
      pid: number('pid'),
      since: number('since'),
      heartbeat: String(sign),
      token: number('token'),
      backend,
      named: true,
    };
  }
  // It has the lock and has not written yet who it is, or has been deprived of the row.
  return {
    runId: row['application_name'] ?? 'unknown',
    username: row['usename'] ?? 'unknown',
    host: row['client_addr'] ?? 'the server itself',
    pid: backend ?? 0,
    since: number('backend_start'),
    heartbeat: String(sign),
    token: number('token'),
    backend,
    named: false,
  };
}
