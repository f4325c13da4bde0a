import type { Statement } from '@detent/core';
import { watchBlockers } from './blockers.ts';
import { cancelOn } from './cancel.ts';
import type { Link } from './link.ts';
import { watchSilence } from './silence.ts';

/** What is to be known of a statement that is executed. */
export interface ExecuteRequest {
  readonly file: string;
  readonly signal: AbortSignal | undefined;
  /** It is tried once, whatever is locked. */
  readonly once: boolean;
  /** What runs behind it with nothing in between. */
  readonly next: Statement | null | undefined;
}

/** What goes on beside a statement that runs. */
export interface Watching {
  /** Gives the sessions that may have been in its way, for people. */
  stop(): Promise<readonly string[]>;
}

/** Cancels on the signal and after the time that statements may take, and looks who is in the way, and whether an answer will come. */
export function watching(link: Link, signal: AbortSignal | undefined): Watching {
  const silence = watchSilence(link);
  const stop = cancelOn(link, { signal, afterMs: limitByUs(link) }, () => silence.hurry());
  const watch = watchBlockers(link);
  return {
    async stop() {
      const { seen } = watch;
      watch.stop();
      silence.stop();
      await stop();
      return seen;
    },
  };
}

/** MySQL limits only queries by itself, so that a second connection has to end everything else. */
export function limitByUs(link: Link): number {
  return link.known()?.product === 'MySQL' ? link.limits.statementMs : 0;
}
