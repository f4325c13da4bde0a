import { setTimeout as sleep } from 'node:timers/promises';
import { isLockTimeout } from './statement.ts';

const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 10_000;

export interface RetryRules {
  readonly retries: number;
  /** Makes another try possible; false where there can be none. */
  readonly prepare: () => Promise<boolean>;
  readonly signal: AbortSignal | undefined;
}

/**
 * Does `attempt` again, with growing pauses, when it could not get a lock in time. While it waits it queues for nothing, so
 * that readers are let through: a statement that goes on waiting would stand in the way of all who come after it.
 */
export async function retrying<T>(attempt: () => Promise<T>, { retries, prepare, signal }: RetryRules): Promise<T> {
  for (let tries = 0; ; tries += 1) {
    try {
      return await attempt();
    } catch (error) {
      if (!isLockTimeout(error) || tries >= retries || signal?.aborted === true || !(await prepare())) throw error;
      const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, LAST_PAUSE_MS) * (0.5 + Math.random());
      await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
    }
  }
}
