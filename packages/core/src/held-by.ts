import type { LockAttempt, LockHolder } from './ports/lock.ts';

/** The answer of a lock that was not got. `null`: it was given back between two questions, and the next attempt gets it. */
export function heldBy(holder: LockHolder | null): LockAttempt {
  if (holder !== null) return { kind: 'held', holder: publicPart(holder) };
  const unknown = { runId: '', username: 'another run', host: 'unknown', pid: 0, since: Date.now(), token: 0 };
  return { kind: 'held', holder: { ...unknown, heartbeat: String(Date.now()) } };
}

/** A holder without what only its adapter knows of it. */
export function publicPart({ runId, username, host, pid, since, heartbeat, token }: LockHolder): LockHolder {
  return { runId, username, host, pid, since, heartbeat, token };
}
