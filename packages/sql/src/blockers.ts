/** Who keeps a session waiting, looked for from a second connection: the answer is gone as soon as the wait ends. */
export interface BlockerWatch {
  /** The sessions seen last, for people. */
  readonly seen: readonly string[];
  stop(): void;
}

const LEAST_WAIT_MS = 50;

/**
 * Looks each time that half of `lockMs`, what a statement may wait, is over, as one of several in a message may wait late.
 * `look` gives who is in the way now, and never throws; `null` where nobody can look. 0 ms: nothing is ever waited for so long.
 */
export function watchBlockers(lockMs: number, look: (() => Promise<readonly string[]>) | null): BlockerWatch {
  let seen: readonly string[] = [];
  let looking = false;
  const again = async (ask: () => Promise<readonly string[]>): Promise<void> => {
    if (looking) return;
    looking = true;
    const found = await ask();
    // By then the wait may be over.
    if (found.length > 0) seen = found;
    looking = false;
  };
  const timer =
    lockMs === 0 || look === null
      ? undefined
      : setInterval(() => void again(look), Math.max(LEAST_WAIT_MS, lockMs * 0.5)).unref();
  return {
    get seen() {
      return seen;
    },
    stop: () => clearInterval(timer),
  };
}
