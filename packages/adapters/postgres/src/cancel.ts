import { sessionOf } from './blockers.ts';
import type { Link } from './link.ts';

/** Cancels, from a second connection, what the session executes when the signal comes. Gives the way to stop listening. */
export function cancelOn(link: Link, signal: AbortSignal | undefined): () => void {
  const pid = sessionOf(link);
  if (signal === undefined || pid === undefined) return () => undefined;
  const cancel = (): void => {
    void link
      .beside()
      .then((wire) => wire?.run(`SELECT pg_cancel_backend(${pid})`))
      .catch(() => undefined);
  };
  if (signal.aborted) cancel();
  signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}
