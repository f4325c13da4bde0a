import type { LockOwner } from '@detent/core';
import { NOW, type Bookkeeping } from './bookkeeping.ts';
import { literal } from './literal.ts';

/** The statements of the lock. */
export interface LockStatements {
  /** Before its first taking, under the server's lock; each does nothing where its work is done. */
  readonly create: readonly string[];
  /** Whether this connection got the lock, which it then keeps until it gives it back or ends. */
  readonly tryLock: string;
  readonly unlock: string;
  /** Who holds it by the row, by the server's lock, and by what that connection does. `withRow`: the table is there. */
  holder(withRow: boolean): string;
  /** Writes the new holder into the row. */
  take(owner: LockOwner): string;
  /** The token as it is. */
  readonly token: string;
  heartbeat(token: number): string;
  giveBack(token: number): string;
  readonly void: string;
  /** Refused with error 1690 where the lock is not this connection's, or the token not the lock's; keeps both true until the transaction ends. */
  fence(token: number): string;
  /** Whether a connection other than `connection` has it, or none. */
  gone(connection: number): string;
}

export function lockStatements(
  { history, lockName, createSchema }: Bookkeeping,
  schemaExists: boolean,
): LockStatements {
  const table = history.tables.lock;
  const name = literal(lockName);
  const mine = `IS_USED_LOCK(${name}) = CONNECTION_ID()`;
  return {
    create: [...(schemaExists ? [] : [createSchema]), ...history.createLock],
    tryLock: `SELECT GET_LOCK(${name}, 0) AS got`,
    unlock: `SELECT RELEASE_LOCK(${name}) AS given_back`,
    holder: (withRow) =>
      `SELECT ${withRow ? 'l.token, l.run_id, l.username, l.host, l.pid, l.backend, l.since, l.heartbeat' : 'NULL AS run_id'}, ` +
      `${NOW} AS now, k.id AS lock_id, p.USER AS client_user, p.HOST AS client_host, p.COMMAND AS command, p.TIME AS seconds ` +
      `FROM (SELECT IS_USED_LOCK(${name}) AS id) k ` +
      `${withRow ? `LEFT JOIN ${table} l ON l.id = 1 ` : ''}LEFT JOIN information_schema.PROCESSLIST p ON p.ID = k.id`,
    take: ({ runId, username, host, pid }) =>
      `UPDATE ${table} SET token = token + 1, run_id = ${literal(runId)}, username = ${literal(username)}, ` +
      `host = ${literal(host)}, pid = ${pid}, backend = CONNECTION_ID(), since = ${NOW}, heartbeat = ${NOW}, expires = NULL ` +
      `WHERE id = 1 AND ${mine}`,
    token: `SELECT token FROM ${table} WHERE id = 1`,
    heartbeat: (token) => `UPDATE ${table} SET heartbeat = ${NOW} WHERE id = 1 AND token = ${token}`,
    giveBack: (token) => `UPDATE ${table} SET run_id = NULL, expires = NULL WHERE id = 1 AND token = ${token}`,
    void: `UPDATE ${table} SET token = token + 1, run_id = NULL, expires = NULL WHERE id = 1`,
    fence: (token) =>
      `SET @detent_fence = EXP(IF(${mine} AND (SELECT token FROM ${table} WHERE id = 1 LOCK IN SHARE MODE) = ${token}, 0, 710))`,
    gone: (connection) => `SELECT IS_USED_LOCK(${name}) <=> ${connection} AS held`,
  };
}
