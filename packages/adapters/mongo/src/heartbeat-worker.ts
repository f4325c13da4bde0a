// The thread that shows that a holder of the lock lives, until the lock is not the holder's any more.
import { setTimeout as sleep } from 'node:timers/promises';
import { workerData } from 'node:worker_threads';
import type { Document } from 'mongodb';
import type { ConnectArguments } from './connect.ts';
import { HEARTBEAT_MS, LEASE_ID, LEASE_MS, renewLease } from './lease.ts';

export interface HeartbeatJob {
  readonly again: ConnectArguments | null;
  readonly database: string;
  readonly collection: string;
  readonly token: number;
  /** Two numbers of eight bytes: when the lease was last confirmed, in nanoseconds of the process's clock; 1 when it is lost. */
  readonly shared: SharedArrayBuffer;
}

const { again, ...job } = workerData as HeartbeatJob;
if (again !== null) void beat(again, job);

async function beat(
  { url, options }: ConnectArguments,
  { database, collection, token, shared }: Omit<HeartbeatJob, 'again'>,
): Promise<void> {
  const state = new BigInt64Array(shared);
  await sleep(HEARTBEAT_MS);
  const { MongoClient } = await import('mongodb');
  const client = new MongoClient(url, { ...options, maxPoolSize: 1 });
  const lock = client.db(database).collection<Document & { _id: string }>(collection);
  for (;;) {
    const askedAt = process.hrtime.bigint();
    try {
      const { matchedCount } = await lock.updateOne({ _id: LEASE_ID, token }, renewLease(token, LEASE_MS), {
        maxTimeMS: HEARTBEAT_MS,
      });
      if (matchedCount === 0) {
        Atomics.store(state, 1, 1n);
        break;
      }
      Atomics.store(state, 0, askedAt);
    } catch {
      // The holder counts how long there is no answer.
    }
    await sleep(HEARTBEAT_MS);
  }
  await client.close();
}
