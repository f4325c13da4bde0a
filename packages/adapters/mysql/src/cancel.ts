import type { Link } from './link.ts';

/** Cancels, from a second connection, what the session executes when the signal comes. Gives the way to stop listening. */
export function cancelOn(link: Link, signal: AbortSignal | undefined): () => void {
  const id = link.known()?.id;
  if (signal === undefined || id === undefined) return () => undefined;
  const cancel = (): void => {
    void link
      .beside()
      .then((wire) => wire?.run(`KILL QUERY ${id}`))
      .catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}
