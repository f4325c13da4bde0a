import type { LockOwner } from '@detent/core';
import { NOW, type Bookkeeping } from './bookkeeping.ts';
import { FENCE } from './errors.ts';
import { literal } from './inline.ts';

/** The statements of the lock. Each is one command, sent by the simple protocol. */
export interface LockStatements {
  /** Before its first taking, under the advisory lock; each does nothing where its work is done. */
  readonly create: readonly string[];
  /** Whether this session got the lock, which it then keeps until it gives it back or ends; and the server's time. */
  readonly tryLock: string;
  /** The same until the end of the transaction. */
  readonly tryLockHere: string;
  readonly unlock: string;
  /** Who holds it by the row, by the advisory lock, and by what that session does. `withRow`: the table is there. */
  holder(withRow: boolean): string;
  /**
   * Writes the new holder into the row and gives its token; no row when somebody holds it by a lease that still runs.
   * `leaseMs`: how long it is held without a sign of life; `null` for as long as the session lives.
   */
  take(owner: LockOwner, backend: number, leaseMs: number | null): string;
  /** The token as it is. */
  readonly token: string;
  /** Whether a session of the server has the advisory lock; `pid` is its number, or an expression. */
  isHeldBy(pid: string): string;
  /** The token, where this session has the advisory lock. */
  readonly tokenHere: string;
  /** Puts off the end of a lease. */
  heartbeat(token: number, leaseMs: number): string;
  giveBack(token: number): string;
  readonly void: string;
  /** Fails with `FENCE` where the token is not the lock's; gives the transaction's number. */
  fence(token: number): string;
  /** The same to be kept, with the token as its value. */
  readonly keptFence: string;
  /** Fails in the same way, and where the ledger has no such line; to be kept, with the token and the line's number as values. */
  readonly keptFenceBehind: string;
  /** The same, and nobody changes the lock before the transaction ends. */
  fenceKeeping(token: number): string;
}

export function lockStatements({ history, key, createSchema }: Bookkeeping, schemaExists: boolean): LockStatements {
  const table = history.tables.lock;
  const ids = `${key.space}, ${key.number}`;
  const expires = (leaseMs: number | null): string => (leaseMs === null ? 'NULL' : `${NOW} + ${leaseMs}`);
  const granted =
    `locktype = 'advisory' AND granted AND objsubid = 2 AND classid = ${key.space} AND objid = ${key.number} ` +
    `AND database = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database())`;
  const isHeldBy = (pid: string): string =>
    `SELECT EXISTS (SELECT 1 FROM pg_catalog.pg_lock_status() WHERE ${granted} AND pid = ${pid})`;
  const fence = (token: number | string, locking: string): string =>
    `SELECT CAST(CASE WHEN EXISTS (SELECT 1 FROM ${table} WHERE id = 1 AND token = ${token}${locking}) ` +
    `THEN txid_current()::text ELSE ${literal(FENCE)} END AS bigint) AS xid`;
  const isHeldBehind =
    `EXISTS (SELECT 1 FROM ${table} l, ${history.tables.event} e ` +
    `WHERE l.id = 1 AND l.token = $1::bigint AND e.seq = $2::bigint)`;
  return {
    create: [...(schemaExists ? [] : createSchema), ...history.createLock],
    tryLock: `SELECT pg_try_advisory_lock(${ids}) AS got, to_regclass(${literal(table)}) IS NOT NULL AS there, ${NOW} AS now`,
    tryLockHere: `SELECT pg_try_advisory_xact_lock(${ids}) AS got, to_regclass(${literal(table)}) IS NOT NULL AS there`,
    unlock: `SELECT pg_advisory_unlock(${ids}) AS given_back`,
    holder: (withRow) =>
      `SELECT ${withRow ? 'l.token, l.run_id, l.username, l.host, l.pid, l.backend, l.since, l.heartbeat, l.expires' : 'NULL AS run_id'}, ` +
      `${NOW} AS now, k.pid AS lock_pid, a.state, pg_get_userbyid(a.usesysid) AS usename, a.application_name, a.client_addr, ` +
      `(extract(epoch FROM a.state_change) * 1000)::bigint AS state_change, ` +
      `(extract(epoch FROM a.backend_start) * 1000)::bigint AS backend_start FROM (SELECT 1) AS one ` +
      (withRow ? `LEFT JOIN ${table} l ON l.id = 1 ` : '') +
      // What pg_locks and pg_stat_activity are made of, which takes the server a third of the time to look up.
      `LEFT JOIN LATERAL (SELECT pid FROM pg_catalog.pg_lock_status() WHERE ${granted} LIMIT 1) k ON true ` +
      `LEFT JOIN LATERAL pg_catalog.pg_stat_get_activity(k.pid) a ON k.pid IS NOT NULL`,
    take: ({ runId, username, host, pid }, backend, leaseMs) =>
      `WITH free AS (SELECT id FROM ${table} WHERE id = 1 AND (run_id IS NULL OR expires IS NULL OR expires < ${NOW}) ` +
      `FOR UPDATE SKIP LOCKED) ` +
      `UPDATE ${table} l SET token = l.token + 1, run_id = ${literal(runId)}, username = ${literal(username)}, ` +
      `host = ${literal(host)}, pid = ${pid}, backend = ${literal(String(backend))}, ` +
      `since = ${NOW}, heartbeat = ${NOW}, expires = ${expires(leaseMs)} FROM free WHERE l.id = free.id RETURNING l.token`,
    token: `SELECT token FROM ${table} WHERE id = 1`,
    isHeldBy,
    tokenHere: `SELECT token FROM ${table} WHERE id = 1 AND (${isHeldBy('pg_backend_pid()')})`,
    heartbeat: (token, leaseMs) =>
      `UPDATE ${table} SET heartbeat = ${NOW}, expires = ${expires(leaseMs)} WHERE id = 1 AND token = ${token}`,
    giveBack: (token) => `UPDATE ${table} SET run_id = NULL, expires = NULL WHERE id = 1 AND token = ${token}`,
    void: `UPDATE ${table} SET token = token + 1, run_id = NULL, expires = NULL WHERE id = 1`,
    fence: (token) => fence(token, ''),
    keptFence: fence('$1::bigint', ''),
    keptFenceBehind: `SELECT CAST(CASE WHEN ${isHeldBehind} THEN '1' ELSE ${literal(`${FENCE}, or the migration before failed`)} END AS bigint) AS held`,
    fenceKeeping: (token) => fence(token, ' FOR UPDATE'),
  };
}
