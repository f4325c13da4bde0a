import type { Connection } from './driver.ts';

const NORMAL = 1;
const FULL = 2;

/**
 * Lets the commits of a run be synced together at its end. In WAL mode `normal` can lose the newest commits in a power
 * cut, never their order nor a part of one; a migration and its record are one commit, so the next run goes on where
 * the disk stands. Gives the way back, after which the next commit makes all of them durable.
 */
export function syncAtTheEnd(connection: Connection): () => void {
  const isFull = connection.value('PRAGMA synchronous') === FULL && connection.value('PRAGMA journal_mode') === 'wal';
  if (!isFull) return () => undefined;
  connection.exec(`PRAGMA synchronous = ${NORMAL}`);
  return () => connection.exec(`PRAGMA synchronous = ${FULL}`);
}
