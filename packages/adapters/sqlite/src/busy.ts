import { DetentError } from '@detent/core';
import { failureOf } from './errors.ts';

/** How long SQLite itself may wait, which blocks the whole process; the rest is waited for here. */
export const SQLITE_WAIT_MS = 100;

export interface Patience {
  /** Changed by the limits of a migration, until the next reset. */
  limitMs: number;
  readonly signal?: AbortSignal | undefined;
}

/**
 * Does `attempt` again while another connection has the database locked. Only for what changes nothing when it fails:
 * reads, BEGIN, COMMIT, and single statements outside a transaction. Throws `LOCK_TIMEOUT`, `CANCELLED`.
 */
export async function patiently<T>(attempt: () => T | Promise<T>, { limitMs, signal }: Readonly<Patience>): Promise<T> {
  // Not asked for before somebody is in the way: the first look at this clock loads a dozen modules of Node.
  let end: number | null = null;
  for (let pauseMs = 2; ; pauseMs = Math.min(pauseMs * 2, 50)) {
    try {
      return await attempt();
    } catch (error) {
      const failure = failureOf(error);
      if (failure?.primary !== 'SQLITE_BUSY') throw error;
      end ??= performance.now() + limitMs;
      if (performance.now() >= end) {
        throw new DetentError('LOCK_TIMEOUT', `Another connection kept the database locked for ${limitMs} ms.`, {
          hint: 'Wait until its transaction ends, or allow longer with busyTimeoutMs.',
          facts: { server: failure.message, serverCode: failure.code },
          cause: error,
        });
      }
    }
    if (signal?.aborted === true)
      throw new DetentError('CANCELLED', 'Stopped while waiting for the database.', { cause: signal.reason });
    await new Promise((done) => void setTimeout(done, pauseMs * (0.5 + Math.random())));
  }
}
