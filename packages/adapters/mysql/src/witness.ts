import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Manifest } from '@detent/core';
import { tablesOf } from './data-tables.ts';
import type { Contents } from './dump.ts';
import type { Link } from './link.ts';
import { FIXED_TEXT, sumOf } from './sums.ts';
import { isRefused, valueOf, type Wire } from './wire.ts';

/**
 * How often others have changed anything on this server; equal only where nobody did. `null` where it cannot be known.
 */
export type Activity = string | null;

/** What every change of rows or schema counts in one of, whoever makes it and by whatever way. */
const COUNTED =
  "('insert', 'insert_select', 'update', 'update_multi', 'delete', 'delete_multi', 'replace', 'replace_select', 'load', 'truncate', 'import')";
const COUNTERS =
  `WHERE Variable_name IN ('Handler_update', 'Handler_delete') OR SUBSTRING(Variable_name, 5) IN ${COUNTED} ` +
  "OR Variable_name RLIKE '^Com_(alter|create|drop|rename|xa)_'";
/** Answering about itself, MySQL writes rows of its own. */
const COUNTERS_MARIADB = `${COUNTERS} OR Variable_name = 'Handler_write'`;

/** The server shows transactions as they were up to so long ago. */
const STALE_MS = 150;

/**
 * The server counts for itself and for each session; what is left without the sessions of `wires` others did. A transaction that
 * had written before and is not over yet would go unnoticed, so that there must be none where a time begins.
 */
export async function activityOf(link: Link, wires: readonly Wire[], end: 'begins' | 'ends'): Promise<Activity> {
  const { product } = await link.greeting();
  if (product === 'MySQL' && (await isReplica(link))) return null;
  const counters = product === 'MariaDB' ? COUNTERS_MARIADB : COUNTERS;
  const own = new Map<string, number>();
  for (const wire of wires)
    for (const [name, count] of await counts(wire, `SHOW SESSION STATUS ${counters}`))
      own.set(name, (own.get(name) ?? 0) + count);
  const [clustered] = await link.ask("SHOW GLOBAL STATUS LIKE 'wsrep_connected'");
  if (clustered?.rows[0]?.['Value'] === 'ON') return null;
  const all = await counts(link.wire, `SHOW GLOBAL STATUS ${counters}`);
  const others = all.map(([name, count]) => `${name} ${count - (own.get(name) ?? 0)}`);
  if (end === 'begins') {
    await sleep(STALE_MS);
    if (await isAnybodyWriting(link, wires.length)) return null;
  }
  return `sha256:${hash('sha256', others.sort().join('\n'))}`;
}

async function counts(wire: Wire, text: string): Promise<readonly (readonly [string, number])[]> {
  const [answer] = await wire.run(text);
  return (answer?.rows ?? []).map(({ Variable_name: name, Value: count }) => [name ?? '', Number(count)]);
}

const DENIED = [1044, 1142, 1227];

async function isReplica({ wire }: Link): Promise<boolean> {
  try {
    const [answer] = await wire.run(
      "SELECT COUNT(*) AS n FROM performance_schema.replication_applier_status WHERE SERVICE_STATE = 'ON'",
    );
    return valueOf(answer) !== '0';
  } catch (error) {
    if (isRefused(error, ...DENIED)) return true;
    throw error;
  }
}

async function isAnybodyWriting({ wire }: Link, own: number): Promise<boolean> {
  try {
    const [answer] = await wire.run(
      'SELECT COUNT(*) AS n FROM information_schema.INNODB_TRX WHERE trx_rows_modified > 0',
    );
    return valueOf(answer) !== '0';
  } catch (error) {
    if (!isRefused(error, ...DENIED)) throw error;
    const [answer] = await wire.run("SHOW GLOBAL STATUS LIKE 'Threads_connected'");
    return Number(answer?.rows[0]?.['Value']) !== own;
  }
}

/**
 * Whether everything that the backup holds is still there as it was, in the database of that name: each table with the columns
 * that it had, and the same rows in them. What was added since is the run's own, whose lock keeps other runs away.
 */
export async function isUntouched(
  link: Link,
  wire: Wire,
  schema: string,
  { tables }: Contents,
  { objects }: Manifest,
): Promise<boolean> {
  await wire.run(FIXED_TEXT);
  const books = await link.books();
  const now = await tablesOf({ ...link, books: async () => ({ ...books, schema }) });
  const told = new Map(objects.map((sum) => [sum.name, sum]));
  for (const table of tables) {
    if (table.kind !== 'user') continue;
    const found = now.find(({ name }) => name === table.name);
    const has = (column: object): boolean =>
      found?.columns.some((each) => JSON.stringify(each) === JSON.stringify(column)) ?? false;
    if (!table.columns.every(has)) return false;
    const sum = await sumOf(wire, schema, table);
    if (JSON.stringify(sum) !== JSON.stringify(told.get(table.name))) return false;
  }
  return true;
}
