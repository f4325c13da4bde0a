import { watchBlockers as watch, type BlockerWatch } from '@detent/sql';
import type { Link } from './link.ts';

/** Looks from a second connection who may keep the session waiting. */
export function watchBlockers(link: Link): BlockerWatch {
  const id = link.known()?.id;
  return watch(link.limits.lockMs, id === undefined ? null : () => look(link, id));
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
