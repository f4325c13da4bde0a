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
import { translate } from './errors.ts';
import { readHolder, type Holder } from './holder.ts';
import type { Link } from './link.ts';
import { lockStatements, type LockStatements } from './lock-statements.ts';
import { isRefused, valueOf } from './wire.ts';

/** The lock of one session, with what its other parts need of it. */
export interface SessionLock extends MigrationLock {
  /** The statement that every transaction begins with; `null` while nothing is held. */
  fence(): Promise<string | null>;
  /** The token that this session writes with: its lease's, or the one in the row when it holds none. */
  token(): Promise<number>;
  readonly held: Lease | null;
  /** Gives back whatever is still held. */
  close(): Promise<void>;
}

/** Sessions of Detent's that share one connection: the server would give the lock to each, as often as it is asked. */
const holders = new WeakMap<object, Set<string>>();

const HEARTBEAT_MS = 10_000;
/** How long a connection that was told to end is waited for. */
const ENDING_MS = 30_000;
const NO_TABLE = 1146;
const NO_CONNECTION = 1094;

/**
 * The lock is the server's own, GET_LOCK, kept by the connection that does the work and gone with it: a statement that
 * still runs in the server for a dead client keeps it too. It is asked for again and again and never waited for in the
 * server. Beside it a row says who holds it, with a token that only rises; every transaction of the holder finds its
 * token there and its own number on the lock, or ends.
 */
export function createLock(link: Link): SessionLock {
  let statements: LockStatements | null = null;
  let held: Lease | null = null;
  let tableExists = false;

  const sqlOf = async (): Promise<LockStatements> => {
    if (statements !== null) return statements;
    const books = await link.books();
    const { schemaExists, tables } = await link.greeting();
    tableExists ||= tables.lock;
    return (statements = lockStatements(books, schemaExists));
  };
  const look = async (): Promise<Holder | null> => {
    const sql = await sqlOf();
    try {
      // Somebody may have made it since the greeting.
      const row = (await link.wire.run(sql.holder(true)))[0]?.rows[0];
      tableExists = true;
      return readHolder(row);
    } catch (error) {
      if (!isRefused(error, NO_TABLE)) throw translate(error, link.target);
      return readHolder((await link.ask(sql.holder(false)))[0]?.rows[0]);
    }
  };

  /** The names that are held by way of this very connection. */
  const here = (): Set<string> => {
    const shared = link.wire.db as object;
    const names = holders.get(shared) ?? new Set<string>();
    holders.set(shared, names);
    return names;
  };

  const take = async (owner: LockOwner): Promise<LockAttempt | number> => {
    const sql = await sqlOf();
    const { lockName } = await link.books();
    if (here().has(lockName)) return heldBy(await look());
    const [answer] = await link.prepare(sql.tryLock);
    if (valueOf(answer) !== '1') return heldBy(await look());
    try {
      const write = [sql.take(owner), sql.token];
      const answers = await link.ask(...(tableExists ? [] : sql.create), ...write);
      tableExists = true;
      // Who made the table may have died before there was a row in it.
      const token = valueOf(answers.at(-1)) ?? valueOf((await link.ask(...sql.create, ...write)).at(-1));
      here().add(lockName);
      return Number(token);
    } catch (error) {
      if (link.wire.isOpen) await link.ask(sql.unlock).catch(() => undefined);
      throw error;
    }
  };

  const leaseOf = (token: number, lockName: string, sql: LockStatements): Lease => {
    const timer = setInterval(() => {
      if (!link.wire.isOpen || !link.wire.isIdle) return;
      // Inside a transaction the row stays as it is, and a question keeps the connection from being closed for idleness.
      const sign = link.wire.status.inTransaction ? 'DO 0' : sql.heartbeat(token);
      void link.wire.run(sign).catch(() => undefined);
    }, HEARTBEAT_MS).unref();
    const lease: Lease = {
      token,
      async assert() {
        await link.ask(sql.fence(token));
      },
      async [Symbol.asyncDispose]() {
        clearInterval(timer);
        if (held !== lease) return;
        held = null;
        here().delete(lockName);
        if (!link.wire.isOpen) return;
        try {
          const { inTransaction } = await link.wire.look();
          const answers = await link.ask(...(inTransaction ? ['ROLLBACK'] : []), sql.giveBack(token), sql.unlock);
          if (valueOf(answers.at(-1)) !== '1') throw new Error('The server says that it was not held.');
        } catch {
          // What cannot be given back ends with the connection.
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

    async fence() {
      return held === null ? null : (await sqlOf()).fence(held.token);
    },

    async token() {
      if (held !== null) return held.token;
      const sql = await sqlOf();
      if (!tableExists) return 0;
      return Number(valueOf((await link.ask(sql.token))[0]) ?? 0);
    },

    async tryAcquire(owner): Promise<LockAttempt> {
      const sql = await sqlOf();
      if (held !== null) return heldBy(await look());
      const taken = await take(owner);
      if (typeof taken !== 'number') return taken;
      held = leaseOf(taken, (await link.books()).lockName, sql);
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
      if (fence) await endConnection(link, sql, holder.connection);
      if (tableExists) await link.ask(sql.void);
      return publicPart(holder);
    },

    async close() {
      await held?.[Symbol.asyncDispose]();
    },
  };
}

/** Ends a connection in the server, with whatever it executes, and waits until it is gone. */
async function endConnection(link: Link, sql: LockStatements, connection: number): Promise<void> {
  await link.wire.run(`KILL ${connection}`).catch((error: unknown) => {
    if (isRefused(error, NO_CONNECTION)) return;
    throw new DetentError('LOCK_HELD', `The holder's connection ${connection} could not be ended.`, {
      hint: 'It takes the same user, or CONNECTION ADMIN (MySQL: CONNECTION_ADMIN).',
      facts: { connection },
      cause: error,
    });
  });
  for (const end = Date.now() + ENDING_MS; Date.now() < end; await sleep(20)) {
    if (valueOf((await link.ask(sql.gone(connection)))[0]) === '0') return;
  }
  throw new DetentError('LOCK_HELD', `The holder's connection ${connection} does not end in the server.`, {
    hint: 'It may be rolling back a large change; try again, or ask the administrator of the server.',
    facts: { connection },
  });
}
