import { hostname } from 'node:os';
import {
  DetentError,
  type Lease,
  type LockAttempt,
  type LockHolder,
  type LockOwner,
  publicPart,
  type MigrationLock,
} from '@detent/core';
import { hasTable } from './bookkeeping.ts';
import { patiently, type Patience } from './busy.ts';
import type { Connection, Row } from './driver.ts';
import { syncAtTheEnd } from './durability.ts';
import { failureOf, translate } from './errors.ts';
import type { Link } from './link.ts';
import type { LockStatements } from './lock-statements.ts';
import { hasEnded, processKey } from './liveness.ts';

/** The lock of one session, with what its other parts need of it. */
export interface SessionLock extends MigrationLock {
  /** Throws `LOCK_LOST` when this session took the lock and has it no more. Inside a transaction that answer stays true. */
  fence(connection: Connection): void;
  /** Of the lease that this session holds; `null` when it holds none. */
  heldToken(): number | null;
  /** The token that this session writes with: its lease's, or the one in the row when it holds none. */
  token(connection: Connection): number;
  /** Puts the lock's row into a copy of the database, so that the lease outlives the copy's taking effect. */
  carryOver(from: Connection, to: Connection): void;
  /** No sign of life is written while `work` runs. */
  quietly<T>(work: () => Promise<T>): Promise<T>;
  /** Gives back whatever is still held. */
  close(): Promise<void>;
}

/** A holder that cannot be looked at from here is dead when it has been silent for so long and nobody is writing. */
const SILENCE_MS = 30_000;
const HEARTBEAT_MS = 10_000;

export interface LockSettings {
  readonly link: Link;
  readonly sql: LockStatements;
  readonly patience: Patience;
  /** The commits of a run may be synced together; see `syncAtTheEnd`. */
  readonly batchCommits: boolean;
}

interface Holder extends LockHolder {
  readonly processKey: string | null;
  readonly silentMs: number;
}

/**
 * The lock is a row with a token that only rises. What really keeps two runs apart is SQLite's own write lock: every
 * transaction of the holder begins IMMEDIATE and finds its token in the row, or ends.
 */
export function createLock({ link, sql, patience, batchCommits }: LockSettings): SessionLock {
  let held: Lease | null = null;
  let quiet = false;

  /** As it was when the token was last found true: until it changes, no other connection has written anything. */
  let seen: { readonly token: number; readonly connection: Connection; readonly version: unknown } | null = null;

  const fence = (connection: Connection): void => {
    if (held === null) return;
    const { token } = held;
    const version = connection.value('PRAGMA data_version');
    if (seen?.token === token && seen.connection === connection && seen.version === version) return;
    requireToken(connection, sql, token);
    seen = { token, connection, version };
  };

  const takeNow = (connection: Connection, owner: LockOwner): number | Holder => {
    connection.exec('BEGIN IMMEDIATE');
    try {
      for (const step of sql.create) connection.exec(step);
      const holder = readHolder(connection, sql);
      if (holder !== null && !isDead(holder)) {
        connection.exec('ROLLBACK');
        return holder;
      }
      const key = processKey(owner.pid);
      connection.run(sql.take, owner.runId, owner.username, owner.host, owner.pid, key);
      const token = Number(connection.value(sql.token));
      connection.exec('COMMIT');
      return token;
    } catch (error) {
      if (connection.inTransaction) connection.exec('ROLLBACK');
      throw error;
    }
  };

  const leaseOf = (connection: Connection, token: number): Lease => {
    const timer = setInterval(() => {
      if (!quiet && !connection.inTransaction) showLife(connection, sql, token);
    }, HEARTBEAT_MS).unref();
    const syncAgain = batchCommits ? syncAtTheEnd(connection) : () => undefined;
    const lease: Lease = {
      token,
      async assert() {
        await patiently(() => requireToken(connection, sql, token), patience);
      },
      async [Symbol.asyncDispose]() {
        clearInterval(timer);
        if (held !== lease) return;
        held = null;
        // What cannot be given back is taken over: this process will be gone.
        await patiently(() => {
          syncAgain();
          connection.run(sql.giveBack, token);
        }, patience).catch(() => undefined);
      },
    };
    return lease;
  };

  return {
    fence,
    heldToken: () => held?.token ?? null,
    token: (connection) => held?.token ?? readToken(connection, sql) ?? 0,
    carryOver: (from, to) => {
      for (const step of sql.create) to.exec(step);
      const row = from.get(sql.row);
      if (row !== undefined) to.run(sql.put, ...Object.values(row));
    },
    async quietly(work) {
      quiet = true;
      try {
        return await work();
      } finally {
        quiet = false;
      }
    },
    async close() {
      await held?.[Symbol.asyncDispose]();
    },
    async holder() {
      return patiently(async () => describe(readHolder(await link.reading(), sql)), patience);
    },
    async tryAcquire(owner): Promise<LockAttempt> {
      try {
        return await patiently(async () => {
          const seen = readHolder(await link.reading(), sql);
          if (seen !== null && !isDead(seen)) return { kind: 'held', holder: publicPart(seen) };
          const connection = await link.writing();
          const taken = takeNow(connection, owner);
          if (typeof taken !== 'number') return { kind: 'held', holder: publicPart(taken) };
          held = leaseOf(connection, taken);
          return { kind: 'acquired', lease: held };
        }, patience);
      } catch (error) {
        throw translate(error, link.now().path);
      }
    },
    // SQLite has no server in which a holder's statement could go on, so there is nothing to end first: its next
    // transaction finds another token. While it is in the middle of one, BEGIN IMMEDIATE waits for it.
    async break() {
      if (readHolder(await link.reading(), sql) === null) return null;
      const connection = await link.writing();
      return patiently(() => {
        connection.exec('BEGIN IMMEDIATE');
        try {
          const removed = describe(readHolder(connection, sql));
          seen = null;
          connection.exec(sql.void);
          connection.exec('COMMIT');
          return removed;
        } catch (error) {
          if (connection.inTransaction) connection.exec('ROLLBACK');
          throw error;
        }
      }, patience);
    },
  };
}

/** `null` when there is no such row. Asked in every transaction, so it does not look for the table first. */
function readToken(connection: Connection, sql: LockStatements): number | null {
  try {
    const token = connection.value(sql.token);
    return token === undefined ? null : Number(token);
  } catch (error) {
    if (failureOf(error)?.primary !== 'SQLITE_ERROR') throw error;
    return null;
  }
}

function requireToken(connection: Connection, sql: LockStatements, token: number): void {
  if (readToken(connection, sql) !== token) throw lockLost(connection, sql, token);
}

export function lockLost(connection: Connection, sql: LockStatements, token: number): DetentError {
  return new DetentError(
    'LOCK_LOST',
    'This run does not hold the lock any more; another run or `detent unlock` took it.',
    {
      hint: 'Look at `detent status`, then start again.',
      facts: { token, tokenNow: readToken(connection, sql) },
    },
  );
}

/** Neither a busy database nor a lost lock is an error here: the next transaction finds out. */
function showLife(connection: Connection, sql: LockStatements, token: number): void {
  try {
    connection.run(sql.heartbeat, token);
  } catch {
    // Once more in HEARTBEAT_MS.
  }
}

function readHolder(connection: Connection, sql: LockStatements): Holder | null {
  if (!hasTable(connection, sql.table)) return null;
  const row = connection.get(sql.read);
  const runId = row === undefined ? null : textOrNull(row, 'run_id');
  if (row === undefined || runId === null) return null;
  return {
    runId,
    username: String(row['username']),
    host: String(row['host']),
    pid: Number(row['pid']),
    since: Number(row['since']),
    heartbeat: String(row['heartbeat']),
    token: Number(row['token']),
    processKey: textOrNull(row, 'process_key'),
    silentMs: Number(row['now']) - Number(row['heartbeat']),
  };
}

function isDead({ pid, processKey: key, host, silentMs }: Holder): boolean {
  return hasEnded(pid, key, host, hostname()) ?? silentMs > SILENCE_MS;
}

function describe(holder: Holder | null): LockHolder | null {
  return holder === null ? null : publicPart(holder);
}

function textOrNull(row: Row, column: string): string | null {
  const value = row[column];
  return typeof value === 'string' ? value : null;
}
