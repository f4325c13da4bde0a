import { setTimeout as sleep } from 'node:timers/promises';
import {
  heldBy,
  publicPart,
  DetentError,
  type Lease,
  type LockAttempt,
  type LockHolder,
  type LockOwner,
  type MigrationLock,
} from '@detent/core';
import type { Bookkeeping } from './bookkeeping.ts';
import { lockLost } from './errors.ts';
import { keepAlive } from './heartbeat.ts';
import { readHolder, type Holder } from './holder.ts';
import { valueOf, type Link } from './link.ts';
import { lockStatements, type LockStatements } from './lock-statements.ts';

/** The lock of one session, with what its other parts need of it. */
export interface SessionLock extends MigrationLock {
  /** The commands that every transaction begins with, and ends with before its commit; none while nothing is held. */
  fence(): Promise<{ readonly first: readonly string[]; readonly last: readonly string[] }>;
  /** Fails where the lock is lost, or the ledger has no such line; `null` where the session does not keep it. */
  fenceBehind(seq: number): string | null;
  /** Both, with their values left open. */
  fenceTexts(): Promise<{ readonly fence: string; readonly fenceBehind: string }>;
  /** The token that this session writes with: its lease's, or the one in the row when it holds none. */
  token(): Promise<number>;
  readonly held: Lease | null;
  /** By how many milliseconds the server's clock was ahead of this machine's when the lock was taken directly. */
  readonly aheadMs: number;
  /** Gives back whatever is still held. */
  close(): Promise<void>;
}

/**
 * Sessions of Detent's that share one session of the server, such as two on one PGlite: the server cannot tell them apart,
 * and would give the lock to each.
 */
const holders = new WeakMap<object, Set<number>>();

/** How long a session that was told to end is waited for. */
const ENDING_MS = 30_000;

/**
 * Directly, the lock is PostgreSQL's own, kept by the session that does the work and gone with it: a statement that still
 * runs in the server for a dead client keeps it too. It is asked for again and again and never waited for in the server,
 * where a waiter would stand in the way of CREATE INDEX CONCURRENTLY. Beside it a row says who holds it, with a token that
 * only rises; every transaction of the holder finds its token there, or ends.
 *
 * Behind a pooler each transaction may run in another session of the server, so there the row itself is the lock: it has
 * an end that the holder puts off, and every transaction keeps it from being taken until it is over.
 */
export function createLock(link: Link): SessionLock {
  const { leaseMs } = link.lease;
  let statements: LockStatements | null = null;
  let held: (Lease & { readonly pooled: boolean }) | null = null;
  let tableExists = false;
  let aheadMs = 0;

  const sqlOf = async (): Promise<LockStatements> => {
    if (statements !== null) return statements;
    const books: Bookkeeping = await link.books();
    const { schemaExists, tables } = await link.greeting();
    tableExists ||= tables.lock;
    return (statements = lockStatements(books, schemaExists));
  };
  const hasTable = async (): Promise<boolean> => {
    const { history } = await link.books();
    if (!tableExists) {
      const [answer] = await link.ask(`SELECT to_regclass('${history.tables.lock.replaceAll("'", "''")}') IS NOT NULL`);
      tableExists = valueOf(answer) === 't';
    }
    return tableExists;
  };
  const look = async (): Promise<Holder | null> => {
    const sql = await sqlOf();
    const [answer] = await link.ask(sql.holder(await hasTable()));
    return readHolder(answer?.rows[0]);
  };

  /** The keys that are held by way of this very connection. */
  const here = (): Set<number> => {
    const shared = link.wire.db as object;
    const keys = holders.get(shared) ?? new Set<number>();
    holders.set(shared, keys);
    return keys;
  };

  const takeDirectly = async (owner: LockOwner): Promise<LockAttempt | number> => {
    const sql = await sqlOf();
    const { key } = await link.books();
    if (here().has(key.number)) return heldBy(await look());
    const [answer] = await link.prepare(sql.tryLock);
    if (answer?.rows[0]?.['got'] !== 't') return heldBy(await look());
    aheadMs = Number(answer.rows[0]['now']) - Date.now();
    tableExists ||= answer.rows[0]['there'] === 't';
    try {
      const { pid } = await link.greeting();
      const answers = await link.ask(...(tableExists ? [] : sql.create), sql.take(owner, pid, null));
      const token = valueOf(answers.at(-1));
      tableExists = true;
      if (token !== null) {
        here().add(key.number);
        return Number(token);
      }
      const holder = await look();
      await link.ask(sql.unlock);
      return heldBy(holder);
    } catch (error) {
      if (link.wire.isOpen) await link.ask(sql.unlock).catch(() => undefined);
      throw error;
    }
  };

  const takePooled = async (owner: LockOwner): Promise<LockAttempt | number> => {
    const sql = await sqlOf();
    await link.prepare();
    const answers = await link.ask('BEGIN', sql.tryLockHere);
    const row = answers.at(-1)?.rows[0];
    try {
      if (row?.['got'] !== 't') return heldBy(await look());
      const { pid } = await link.greeting();
      const taken = await link.ask(...(row['there'] === 't' ? [] : sql.create), sql.take(owner, pid, leaseMs));
      const token = valueOf(taken.at(-1));
      await link.ask('COMMIT');
      tableExists = true;
      return token === null ? heldBy(await look()) : Number(token);
    } finally {
      if (link.wire.isOpen && link.wire.status !== 'I') await link.ask('ROLLBACK').catch(() => undefined);
    }
  };

  const leaseOf = (token: number, pooled: boolean, sql: LockStatements): Lease & { readonly pooled: boolean } => {
    const stop = keepAlive({ link, sql, token, pooled });
    const lease = {
      token,
      pooled,
      async assert() {
        // A migration may have given all advisory locks of its session back.
        const now = valueOf(await link.look(pooled ? sql.token : sql.tokenHere));
        if (now !== String(token)) throw lockLost({ token, tokenNow: now === null ? null : Number(now) });
      },
      async [Symbol.asyncDispose]() {
        stop();
        if (held !== lease) return;
        held = null;
        here().delete((await link.books()).key.number);
        if (!link.wire.isOpen) return;
        try {
          if (link.wire.status !== 'I') await link.ask('ROLLBACK');
          const answers = await link.record(sql.giveBack(token), ...(pooled ? [] : [sql.unlock]));
          if (!pooled && valueOf(answers.at(-1)) !== 't') throw new Error('The server says that it was not held.');
        } catch {
          // What cannot be given back ends with the session.
          await link.wire.close(true);
        }
      },
    };
    return lease;
  };

  return {
    get held() {
      return held;
    },

    get aheadMs() {
      return aheadMs;
    },

    async fence() {
      if (held === null) return { first: [], last: [] };
      const sql = await sqlOf();
      const { token } = held;
      if (!held.pooled) {
        const text = link.call('fence', token) ?? sql.fence(token);
        return { first: [text], last: [text] };
      }
      return {
        first: [sql.tryLockHere, sql.fenceKeeping(token)],
        last: [sql.heartbeat(token, leaseMs)],
      };
    },

    fenceBehind: (seq) => (held === null || held.pooled ? null : link.call('fenceBehind', held.token, seq)),

    async fenceTexts() {
      const sql = await sqlOf();
      return { fence: sql.keptFence, fenceBehind: sql.keptFenceBehind };
    },

    async token() {
      if (held !== null) return held.token;
      const sql = await sqlOf();
      if (!(await hasTable())) return 0;
      return Number(valueOf(await link.look(sql.token)) ?? 0);
    },

    async tryAcquire(owner): Promise<LockAttempt> {
      const sql = await sqlOf();
      if (held !== null) return heldBy(await look());
      const { pooled } = await link.greeting();
      const taken = await (pooled ? takePooled(owner) : takeDirectly(owner));
      if (typeof taken !== 'number') return taken;
      held = leaseOf(taken, pooled, sql);
      return { kind: 'acquired', lease: held };
    },

    async holder(): Promise<LockHolder | null> {
      const holder = await look();
      return holder === null ? null : publicPart(holder);
    },

    async break({ fence }) {
      const sql = await sqlOf();
      const holder = await look();
      if (holder === null || (!fence && !holder.named)) return null;
      await link.prepare();
      if (fence && holder.backend !== null) await endSession(link, holder.backend);
      if (await hasTable()) await link.ask(sql.void);
      return publicPart(holder);
    },

    async close() {
      await held?.[Symbol.asyncDispose]();
    },
  };
}

/** Ends a session in the server, with whatever it executes, and waits until it is gone. */
async function endSession(link: Link, backend: number): Promise<void> {
  const gone = `SELECT NOT EXISTS (SELECT 1 FROM pg_catalog.pg_stat_activity WHERE pid = ${backend})`;
  await link.ask(`SELECT pg_terminate_backend(${backend})`);
  for (const end = Date.now() + ENDING_MS; Date.now() < end; await sleep(20)) {
    if (valueOf((await link.ask(gone))[0]) === 't') return;
  }
  throw new DetentError('LOCK_HELD', `The holder's session in the server (process ${backend}) does not end.`, {
    hint: 'It may be writing to a slow disk; try again, or ask the administrator of the server.',
    facts: { backend },
  });
}
