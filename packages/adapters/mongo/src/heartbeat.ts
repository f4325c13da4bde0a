import { Worker } from 'node:worker_threads';
import { HEARTBEAT_MS, LEASE_ID, LEASE_MS, renewLease } from './lease.ts';
import type { HeartbeatJob } from './heartbeat-worker.ts';
import type { Link } from './link.ts';

/** Of the lease: when nothing confirms it for so long, the run stops itself before anybody may take over. */
const PATIENCE_NS = BigInt(Math.round(LEASE_MS * (2 / 3))) * 1_000_000n;

/** Shows that the holder lives. */
export interface Heartbeat {
  /** False when the lease was not confirmed for so long that it may be lost. */
  isFresh(): boolean;
  /** The lease is confirmed by something else. */
  confirm(): void;
  stop(): void;
}

/**
 * Puts the end of the lease off now and then, from a thread with a connection of its own, where code that keeps this one
 * busy does not matter. A client that is lent cannot be taken to another thread: there it is a timer.
 */
export function keepAlive(link: Link, token: number): Heartbeat {
  const shared = new SharedArrayBuffer(16);
  const state = new BigInt64Array(shared);
  const confirm = (): void => void Atomics.store(state, 0, process.hrtime.bigint());
  confirm();
  let isOver = false;
  let watch: NodeJS.Timeout | null = null;
  let beat: NodeJS.Timeout | null = null;
  let worker: Worker | null = null;
  const isFresh = (): boolean =>
    Atomics.load(state, 1) === 0n && process.hrtime.bigint() - Atomics.load(state, 0) < PATIENCE_NS;
  const stop = (): void => {
    isOver = true;
    if (watch !== null) clearInterval(watch);
    if (beat !== null) clearInterval(beat);
    void worker?.terminate();
  };
  const lose = (): void => {
    if (isOver) return;
    stop();
    link.drop();
  };
  const beatHere = (): void => {
    beat ??= setInterval(() => {
      link.books.lock
        .updateOne({ _id: LEASE_ID, token }, renewLease(token, LEASE_MS), { maxTimeMS: HEARTBEAT_MS })
        .then(({ matchedCount }) => (matchedCount === 1 ? confirm() : lose()))
        // Silence is counted below.
        .catch(() => undefined);
    }, HEARTBEAT_MS).unref();
  };
  watch = setInterval(() => {
    if (!isFresh()) lose();
  }, HEARTBEAT_MS / 10).unref();
  if (link.again === null) beatHere();
  else worker = beatBeside({ ...jobOf(link, token), shared }, beatHere);
  return { isFresh, confirm, stop };
}

function jobOf({ again, db, books }: Link, token: number): Omit<HeartbeatJob, 'shared'> {
  return { again, database: db.databaseName, collection: books.lock.collectionName, token };
}

/** `fail`: there can be no thread, as in a bundle without its file. */
function beatBeside(job: HeartbeatJob, fail: () => void): Worker | null {
  try {
    const file = import.meta.url.endsWith('.ts') ? './heartbeat-worker.ts' : './heartbeat-worker.js';
    const worker = new Worker(new URL(file, import.meta.url), { workerData: job });
    worker.on('error', fail);
    worker.unref();
    return worker;
  } catch {
    fail();
    return null;
  }
}
