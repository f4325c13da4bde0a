import type { Link } from './link.ts';

/** Looks from a second connection who may keep the session waiting; the answer is gone as soon as the wait ends. */
export interface BlockerWatch {
  /** The sessions seen last, for people. */
  readonly seen: readonly string[];
  stop(): void;
}

const LEAST_WAIT_MS = 50;

/** Looks once, after half of the time that a statement may wait. Never throws. */
export function watchBlockers(link: Link): BlockerWatch {
  const { lockMs } = link.limits;
  const id = link.known()?.id;
  let seen: readonly string[] = [];
  const timer =
    lockMs === 0 || id === undefined
      ? undefined
      : setTimeout(() => void look(link, id).then((found) => (seen = found)), Math.max(LEAST_WAIT_MS, lockMs * 0.5));
  timer?.unref();
  return {
    get seen() {
      return seen;
    },
    stop: () => clearTimeout(timer),
  };
}

async function look(link: Link, id: number): Promise<readonly string[]> {
  try {
    const wire = await link.beside();
    const [answer] = wire === null ? [] : await wire.run(othersSql(id));
    return (answer?.rows ?? []).map((row) => {
      const who = `${row['client_user'] ?? 'unknown'} from ${row['client_host'] ?? 'unknown'}`;
      const what = row['command'] === 'Sleep' ? 'idle' : 'busy';
      return `connection ${row['id'] ?? ''}, ${who}, ${what} in a transaction of ${row['seconds'] ?? '?'} s`;
    });
  } catch {
    return [];
  }
}

/**
 * A table's definition is kept by every transaction that touched the table, which no server shows unless it was told to
 * beforehand; who has a transaction open, both show.
 */
function othersSql(id: number): string {
  return (
    'SELECT p.ID AS id, p.USER AS client_user, p.HOST AS client_host, p.COMMAND AS command, ' +
    'TIMESTAMPDIFF(SECOND, t.trx_started, NOW()) AS seconds ' +
    'FROM information_schema.INNODB_TRX t JOIN information_schema.PROCESSLIST p ON p.ID = t.trx_mysql_thread_id ' +
    `WHERE p.ID NOT IN (${id}, CONNECTION_ID()) AND p.STATE NOT LIKE 'Waiting for table%' ORDER BY t.trx_started LIMIT 5`
  );
}
