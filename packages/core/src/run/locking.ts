import { setTimeout as sleep } from 'node:timers/promises';
import type { Settings } from '../config.ts';
import { DetentError } from '../errors.ts';
import type { Events } from '../events.ts';
import type { Lease, LockHolder, LockOwner, MigrationLock } from '../ports/lock.ts';

export type LockOutcome =
  | { readonly kind: 'acquired'; readonly lease: Lease; readonly waited: boolean }
  /** While waiting, somebody else did what there was to do. */
  | { readonly kind: 'no-need' }
  | { readonly kind: 'skipped'; readonly holder: LockHolder };

export interface LockRequest {
  readonly lock: MigrationLock;
  readonly owner: LockOwner;
  readonly policy: Settings['lock'];
  readonly events: Events;
  readonly signal: AbortSignal;
  /** Asked now and then while waiting; true ends the wait. */
  readonly isDone: () => Promise<boolean>;
}

const FIRST_POLL_MS = 50;
const LAST_POLL_MS = 1_000;

/**
 * Takes the lock by the policy. Polls, because a blocking wait in the database can deadlock with the holder's own work.
 * Waits as long as the holder shows signs of life, and `waitMs` beyond its last one. Throws `LOCK_HELD`.
 */
export async function takeLock(request: LockRequest): Promise<LockOutcome> {
  const { lock, owner, policy, events, signal } = request;
  const startedAt = Date.now();
  let lastSign = { heartbeat: '', at: startedAt };
  for (let poll = FIRST_POLL_MS; ; poll = Math.min(poll * 1.5, LAST_POLL_MS)) {
    signal.throwIfAborted();
    const attempt = await lock.tryAcquire(owner);
    const waitedMs = Date.now() - startedAt;
    if (attempt.kind === 'acquired') {
      events.emit({ kind: 'lock-acquired', token: attempt.lease.token, waitedMs });
      return { kind: 'acquired', lease: attempt.lease, waited: poll > FIRST_POLL_MS };
    }
    const { holder } = attempt;
    if (policy.onHeld === 'skip') return { kind: 'skipped', holder };
    const sign = `${holder.token}/${holder.heartbeat}`;
    if (sign !== lastSign.heartbeat) lastSign = { heartbeat: sign, at: Date.now() };
    if (policy.onHeld === 'fail' || Date.now() - lastSign.at >= policy.waitMs) throw lockHeld(holder, waitedMs);
    events.emit({ kind: 'lock-waiting', holder, waitedMs });
    await sleep(poll * (0.5 + Math.random()), undefined, { signal });
    if (await request.isDone()) return { kind: 'no-need' };
  }
}

function lockHeld(holder: LockHolder, waitedMs: number): DetentError {
  const { username, host, pid, since, runId } = holder;
  const waited = waitedMs < 1_000 ? '' : ` Waited ${Math.round(waitedMs / 1_000)} s.`;
  return new DetentError(
    'LOCK_HELD',
    `The lock is held by ${username} on ${host} (process ${pid}) since ${new Date(since).toISOString()}.${waited}`,
    {
      hint: 'Wait until that run ends. If its process is gone or stuck for certain, run `detent unlock --fence`.',
      facts: { holder: { runId, username, host, pid, since } },
    },
  );
}
