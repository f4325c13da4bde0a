import type { Link } from './link.ts';

/** Looks from a second connection who keeps the session waiting; the answer is gone as soon as the wait ends. */
export interface BlockerWatch {
  /** The sessions seen last, for people. */
  readonly seen: readonly string[];
  stop(): void;
}

const LEAST_WAIT_MS = 50;

/** Looks each time that half of what a statement may wait is over: one of several in a message may wait late. Never throws. */
export function watchBlockers(link: Link): BlockerWatch {
  const { lockMs } = link.limits;
  const pid = sessionOf(link);
  let seen: readonly string[] = [];
  let looking = false;
  const again = async (of: number): Promise<void> => {
    if (looking) return;
    looking = true;
    const found = await look(link, of);
    // By then the wait may be over.
    if (found.length > 0) seen = found;
    looking = false;
  };
  const timer =
    lockMs === 0 || pid === undefined
      ? undefined
      : setInterval(() => void again(pid), Math.max(LEAST_WAIT_MS, lockMs * 0.5)).unref();
  return {
    get seen() {
      return seen;
    },
    stop: () => clearInterval(timer),
  };
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
