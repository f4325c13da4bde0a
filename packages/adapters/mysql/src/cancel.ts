import type { Link } from './link.ts';

/** What makes the server give up what the session executes. */
export interface Reasons {
  readonly signal: AbortSignal | undefined;
  /** 0: however long it takes. */
  readonly afterMs: number;
}

/**
 * Cancels, from a second connection, what the session executes when the signal comes or the time is over. Gives the way
 * to stop that, which waits for a cancel that is under way: it must not hit the statement after.
 */
export function cancelOn(link: Link, { signal, afterMs }: Reasons, onCancelled: () => void): () => Promise<void> {
  const id = link.known()?.id;
  if (id === undefined || (signal === undefined && afterMs === 0)) return () => Promise.resolve();
  let under: Promise<unknown> = Promise.resolve();
  const cancel = (): void => {
    under = link
      .beside()
      .then((wire) => wire?.run(`KILL QUERY ${id}`))
      .then(onCancelled)
      .catch(() => undefined);
  };
  signal?.addEventListener('abort', cancel, { once: true });
  const timer = afterMs === 0 ? undefined : setTimeout(cancel, afterMs);
  return async () => {
    signal?.removeEventListener('abort', cancel);
    clearTimeout(timer);
    await under;
  };
}
