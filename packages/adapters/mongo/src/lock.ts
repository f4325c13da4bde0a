import {
  heldBy,
  publicPart,
  type Lease,
  type LockAttempt,
  type LockHolder,
  type LockOwner,
  type MigrationLock,
} from '@detent/core';
import type { ClientSession } from 'mongodb';
import { endTransaction, endWork, isWorking } from './backend.ts';
import { LOCK_ID } from './books.ts';
import { CODE, failureOf, lockLost } from './errors.ts';
import { keepAlive, type Heartbeat } from './heartbeat.ts';
import { emptyLock, FREE, readLock, takeLock, type Holder } from './holder.ts';
import { LEASE_ID, LEASE_MS, renewLease } from './lease.ts';
import type { Link } from './link.ts';
import { hasEnded, processKey } from './liveness.ts';

/** The lock of one session, with what its other parts need of it. */
export interface SessionLock extends MigrationLock {
  /** The token that this session writes with: its lease's, or the one in the document when it holds none. */
  token(): Promise<number>;
  /** `null` while this session does not hold it. */
  heldToken(): number | null;
  /** Touches the document in the transaction, which then stands or falls with the lock. Throws `LOCK_LOST`. */
  fence(session: ClientSession, mark: string): Promise<void>;
  /** The mark of the last transaction that was committed. */
  lastMark(): Promise<string | null>;
  /** Gives back whatever is still held. */
  close(): Promise<void>;
}

/** How long a transaction that has the document is waited for: a run that takes over asks again anyway. */
const TAKING_MS = 2_000;

/**
 * The lock is a document that says who has it, with a token that only rises; beside it a second one says until when, on
 * the server's clock. Every transaction of the holder finds its token there, and keeps it from being taken until it is over.
 */
export function createLock(link: Link): SessionLock {
  const { books } = link;
  let held: (Lease & { readonly heartbeat: Heartbeat }) | null = null;

  const look = () => link.ask(() => readLock(books));

  /** Gone for good, and nothing that it began is going on. */
  const isOver = async (holder: Holder): Promise<boolean> => {
    if (!holder.expired && !isGone(holder)) return false;
    return !(await isWorking(link, holder));
  };

  const makeDocument = async (): Promise<void> => {
    try {
      await books.lock.insertOne(emptyLock());
    } catch (error) {
      if (failureOf(error)?.code !== CODE.duplicateKey) throw error;
    }
  };

  /** Only when it is still as it was seen; `null` when it is not, or when a transaction has it. */
  const take = async (owner: LockOwner, token: number, by: string | null): Promise<number | null> => {
    const backend = {
      processKey: processKey(owner.pid),
      appName: link.appName,
      lsid: link.hasTransactions ? idOf(link.session()) : null,
    };
    const seen = { _id: LOCK_ID, token, run_id: by };
    const options = { returnDocument: 'after', maxTimeMS: TAKING_MS } as const;
    try {
      const taken = await books.lock.findOneAndUpdate(seen, takeLock(owner, backend), options);
      return taken === null ? null : Number(taken['token']);
    } catch (error) {
      if (failureOf(error)?.code === CODE.maxTimeExpired) return null;
      throw error;
    }
  };

  const leaseOf = (token: number): Lease & { readonly heartbeat: Heartbeat } => {
    const heartbeat = keepAlive(link, token);
    const lease = {
      token,
      heartbeat,
      async assert() {
        link.mayWrite();
        const now = (await look())?.token ?? null;
        if (now !== token) throw lockLost({ token, tokenNow: now });
        // Late is not lost while nobody else has come.
        if (!heartbeat.isFresh()) await link.ask(() => renew(token));
        heartbeat.confirm();
      },
      async [Symbol.asyncDispose]() {
        heartbeat.stop();
        if (held !== lease) return;
        held = null;
        if (link.isLost) return;
        // What cannot be given back ends with its lease.
        await books.lock.updateOne({ _id: LOCK_ID, token }, { $set: FREE }).catch(() => undefined);
      },
    };
    return lease;
  };

  const renew = async (token: number): Promise<void> => {
    const update = renewLease(token, LEASE_MS);
    await books.lock.updateOne({ _id: LEASE_ID }, update, { upsert: true });
  };

  link.check = () => {
    if (held !== null && !held.heartbeat.isFresh()) throw lockLost({ token: held.token });
  };

  return {
    heldToken: () => held?.token ?? null,

    token: async () => held?.token ?? (await look())?.token ?? 0,

    async fence(session, mark) {
      if (held === null) return;
      const { token } = held;
      const { matchedCount } = await books.lock.updateOne(
        { _id: LOCK_ID, token },
        { $set: { touched: mark } },
        { session },
      );
      if (matchedCount === 0) throw lockLost({ token });
    },

    lastMark: () =>
      link.ask(async () => {
        const found = await books.lock.findOne({ _id: LOCK_ID }, { projection: { touched: 1 } });
        const mark: unknown = found?.['touched'];
        return typeof mark === 'string' ? mark : null;
      }),

    async tryAcquire(owner): Promise<LockAttempt> {
      link.mayWrite();
      let state = await look();
      const holder = state?.holder ?? null;
      if (holder !== null && (held !== null || !(await isOver(holder)))) return heldBy(holder);
      if (holder !== null && isGone(holder)) await endTransaction(link, holder);
      if (state === null) await link.ask(makeDocument);
      const seen = state?.token ?? 0;
      const token = await link.ask(() => take(owner, seen, holder?.runId ?? null));
      if (token === null) {
        state = await look();
        return heldBy(state?.holder ?? null);
      }
      await link.ask(() => renew(token));
      held = leaseOf(token);
      return { kind: 'acquired', lease: held };
    },

    async holder(): Promise<LockHolder | null> {
      const holder = (await look())?.holder ?? null;
      return holder === null || (held === null && (await isOver(holder))) ? null : publicPart(holder);
    },

    async break({ fence }) {
      link.mayWrite();
      const holder = (await look())?.holder ?? null;
      if (holder === null) return null;
      if (fence) await link.ask(() => endWork(link, holder));
      const mine = { _id: LOCK_ID, token: holder.token };
      await link.ask(() => books.lock.updateOne(mine, { $inc: { token: 1 }, $set: FREE }));
      return publicPart(holder);
    },

    async close() {
      await held?.[Symbol.asyncDispose]();
    },
  };
}

function isGone({ pid, processKey: key }: Holder): boolean {
  return hasEnded(pid, key);
}

/** The id of a session in hex; every driver keeps it as a UUID. */
function idOf(session: ClientSession): string | null {
  const id = session.id?.id;
  return id === undefined ? null : Buffer.from(id.buffer).toString('hex').slice(0, 32);
}
