import type { Statement, StatementProgress } from '@detent/core';
import { sessionOf } from './blockers.ts';
import type { Link } from './link.ts';
import type { TextRow } from './wire.ts';

/** No divisor of a heartbeat, which looks by the same connection where that one is idle. */
const EVERY_MS = 700;
/** A constraint may build one too. */
const BUILDS =
  /^\s*(?:create\s+(?:unique\s+)?index|reindex|alter\s+table\b[\s\S]*\b(?:primary\s+key|unique|exclude))\b/i;

/** Looks from a second connection how far the server is with an index, and tells. Gives the way to stop; nothing throws. */
export function watchBuilds(
  link: Link,
  statements: readonly Statement[],
  tell: StatementProgress['advanced'] | undefined,
): () => void {
  const pid = sessionOf(link);
  if (tell === undefined || pid === undefined || !link.mayWatch || !statements.some(({ text }) => BUILDS.test(text)))
    return () => undefined;
  let isAsking = false;
  let isOver = false;
  const look = async (): Promise<void> => {
    if (isAsking) return;
    isAsking = true;
    try {
      const wire = await link.beside();
      const [answer] = wire === null ? [] : await wire.run(progressSql(pid));
      const row = answer?.rows[0];
      if (row !== undefined && !isOver) tell(phaseOf(row), percentOf(row));
    } catch {
      // It is only for those who watch.
    } finally {
      isAsking = false;
    }
  };
  const timer = setInterval(() => void look(), EVERY_MS).unref();
  return () => {
    isOver = true;
    clearInterval(timer);
  };
}

function progressSql(pid: number): string {
  return (
    'SELECT p.phase, p.blocks_total, p.blocks_done, p.tuples_total, p.tuples_done, a.pid AS locker, a.usename AS locker_name ' +
    'FROM pg_catalog.pg_stat_progress_create_index p ' +
    `LEFT JOIN pg_catalog.pg_stat_activity a ON a.pid = p.current_locker_pid AND p.phase LIKE 'waiting%' WHERE p.pid = ${pid}`
  );
}

function phaseOf({ phase, locker, locker_name: name }: TextRow): string {
  // For what it waits matters less than for whom.
  if (locker !== null && locker !== undefined) return `waiting for process ${locker} of ${name ?? 'unknown'}`;
  return phase ?? 'building index';
}

/** What is counted depends on the phase: rows put into the tree, or blocks read. */
function percentOf(row: TextRow): number | null {
  for (const unit of ['tuples', 'blocks']) {
    const total = Number(row[`${unit}_total`] ?? 0);
    if (total > 0) return Math.min(100, Math.floor((100 * Number(row[`${unit}_done`] ?? 0)) / total));
  }
  return null;
}
