import { watchBlockers as watch, type BlockerWatch } from '@detent/sql';
import type { Link } from './link.ts';

/** Looks from a second connection who keeps the session waiting. */
export function watchBlockers(link: Link): BlockerWatch {
  const pid = sessionOf(link);
  return watch(link.limits.lockMs, pid === undefined ? null : () => look(link, pid));
}

/** The number by which the server knows this session; none behind a pooler, where it is another at every transaction. */
export function sessionOf(link: Link): number | undefined {
  const known = link.known();
  return known === null || known.pooled ? undefined : known.pid;
}

async function look(link: Link, pid: number): Promise<readonly string[]> {
  try {
    const wire = await link.beside();
    const [answer] = wire === null ? [] : await wire.run(blockersSql(pid));
    return (answer?.rows ?? []).map((row) => {
      const who = `${row['usename'] ?? 'unknown'}${row['client_addr'] === null ? '' : ` from ${row['client_addr'] ?? ''}`}`;
      const program = row['application_name'] === '' ? '' : ` (${row['application_name'] ?? ''})`;
      return `process ${row['pid'] ?? ''}, ${who}${program}, ${row['state'] ?? 'unknown'} for ${row['seconds'] ?? '?'} s`;
    });
  } catch {
    return [];
  }
}

function blockersSql(pid: number): string {
  return (
    'SELECT pid, usename, application_name, client_addr, state, ' +
    'round(extract(epoch FROM clock_timestamp() - coalesce(xact_start, state_change)))::text AS seconds ' +
    `FROM pg_catalog.pg_stat_activity WHERE pid = ANY (pg_blocking_pids(${pid})) ORDER BY xact_start`
  );
}
