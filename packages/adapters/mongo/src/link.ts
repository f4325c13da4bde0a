import type { ClientSession, Db, MongoClient } from 'mongodb';
import { DetentError, type Logger, type OpenOptions } from '@detent/core';
import { booksOf, type Books } from './books.ts';
import type { Connected, ConnectArguments, Topology } from './connect.ts';
import { lockLost, readOnlySession, translate } from './errors.ts';
import { touchedBy, type Touched } from './touched.ts';

/** What the parts of a session share. */
export interface Link {
  readonly client: MongoClient;
  readonly db: Db;
  readonly books: Books;
  readonly topology: Topology;
  readonly version: string;
  readonly target: string;
  readonly options: OpenOptions;
  readonly logger: Logger;
  readonly appName: string | null;
  readonly again: ConnectArguments | null;
  readonly hasTransactions: boolean;
  /** Backups are packed. */
  readonly compress: boolean;
  /** What was written to by way of this client. */
  readonly touched: Touched;
  /** The same database for very many documents: by a client of its own that makes no JavaScript values of what it hears. */
  bulk(): Promise<Db>;
  /** The one session of the server in which all transactions run, so that they can be ended by its id. */
  session(): ClientSession;
  /** Told when what was written may not stand: a transaction that was taken back, or a restore. */
  readonly undone: Undone;
  /** That session while a transaction is open; `null` outside. */
  inTransaction: ClientSession | null;
  /** Throws `LOCK_LOST` when the lock may be lost by now; asks nobody. Told by the lock, where this session has one. */
  check: () => void;
  /** Called before anything goes out. Throws `READ_ONLY` in a session that only looks, `LOCK_LOST` after `drop`. */
  mayWrite(): void;
  /** Does what reads or writes Detent's own collections, and translates what goes wrong. */
  ask<T>(work: () => Promise<T>): Promise<T>;
  /** The lock is lost: whatever is on its way is cut off, and nothing goes out any more. */
  drop(): void;
  readonly isLost: boolean;
  close(): Promise<void>;
}

export interface Undone {
  hear(listener: () => void): void;
  tell(): void;
}

export interface LinkSettings {
  readonly connected: Connected;
  readonly database: string;
  readonly target: string;
  readonly options: OpenOptions;
  readonly compress: boolean;
}

/**
 * Whatever the client that was lent is set to: a migration reads what is so, and what it wrote is not lost with a member. In
 * a transaction the driver takes no other member than the primary.
 */
export const SURE = { readPreference: 'primary', writeConcern: { w: 'majority' } } as const;

export function createLink({ connected, database, target, options, compress }: LinkSettings): Link {
  const { client, topology, version, appName, again } = connected;
  const db = client.db(database, SURE);
  let session: ClientSession | null = null;
  let second: MongoClient | null = null;
  let isLost = false;
  let isClosed = false;
  const listeners: (() => void)[] = [];
  return {
    client,
    db,
    books: booksOf(db, options.table),
    topology,
    version,
    target,
    options,
    logger: options.logger,
    appName,
    again,
    hasTransactions: topology !== 'standalone',
    compress,
    touched: touchedBy(client, database),
    undone: { hear: (listener) => void listeners.push(listener), tell: () => listeners.forEach((each) => each()) },
    inTransaction: null,
    check: () => undefined,
    async bulk() {
      if (again === null) return db;
      const { MongoClient: Client } = await import('mongodb');
      second ??= new Client(again.url, again.options);
      return second.db(database, SURE);
    },
    session: () => (session ??= client.startSession()),
    mayWrite() {
      if (isLost) throw lockLost();
      if (isClosed) throw closed();
      if (options.readOnly) throw readOnlySession();
    },
    async ask(work) {
      if (isClosed) throw closed();
      try {
        return await work();
      } catch (error) {
        throw isLost ? lockLost() : translate(error, target);
      }
    },
    drop() {
      isLost = true;
      // A client of the user's goes on serving others.
      if (again !== null) for (const each of [client, second]) void each?.close(true).catch(() => undefined);
    },
    get isLost() {
      return isLost;
    },
    async close() {
      isClosed = true;
      await session?.endSession().catch(() => undefined);
      session = null;
      if (again !== null) for (const each of [client, second]) await each?.close().catch(() => undefined);
    },
  };
}

function closed(): DetentError {
  return new DetentError('CONNECTION', 'The session is closed.', { hint: 'Open another one.' });
}
