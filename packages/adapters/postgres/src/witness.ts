import type { Manifest } from '@detent/core';
import { readTables, tablesSql, type DataTable } from './data-tables.ts';
import type { Contents } from './dump.ts';
import type { Link } from './link.ts';
import { readSum, sumSql, type Ask } from './sums.ts';
import type { Bookkeeping } from './bookkeeping.ts';

/** How many sessions this database has seen, where it was alone with this session; `null` where it was not, or nobody counts. */
export type Solitude = string | null;

/**
 * Whether this session has the database to itself, as a number that any other session would raise. The server counts a
 * session at its first answer, and reports the count before a session that ends vanishes from pg_stat_activity; so a session
 * that is not there any more has been counted. The count is asked for first where a time begins, and last where it ends.
 */
export async function lookAround(
  ask: Ask,
  pids: readonly number[],
  end: 'begins' | 'ends',
  version: number,
): Promise<Solitude> {
  if (version < 140_000) return null;
  const counted = async (): Promise<string> => {
    const row = (await ask(SESSIONS))[0]?.rows[0];
    return `${row?.['sessions'] ?? '?'} since ${row?.['reset'] ?? 'ever'}`;
  };
  const others = async (): Promise<boolean> => {
    const rows = (await ask(OTHERS))[0]?.rows ?? [];
    return rows.some(({ pid }) => !pids.includes(Number(pid)));
  };
  if (end === 'ends' && (await others())) return null;
  const count = await counted();
  return end === 'begins' && (await others()) ? null : count;
}

/** The same count with so many sessions more, of which is known whose they were. */
export function plusSessions(solitude: string, more: number): string {
  return solitude.replace(/^\d+/, (count) => String(Number(count) + more));
}

const SESSIONS =
  'SELECT sessions, stats_reset AS reset FROM pg_catalog.pg_stat_database WHERE datname = current_database()';

const OTHERS =
  'SELECT pid FROM pg_catalog.pg_stat_activity WHERE datid = (SELECT oid FROM pg_catalog.pg_database WHERE datname = current_database()) ' +
  "AND backend_type IS DISTINCT FROM 'autovacuum worker' AND (to_jsonb(pg_stat_activity) ->> 'leader_pid' IS NULL OR backend_type IS DISTINCT FROM 'parallel worker') " +
  'UNION ALL SELECT 0 FROM pg_catalog.pg_prepared_xacts WHERE database = current_database()';

/**
 * Whether everything that the backup holds is still there as it was, whoever else is connected: each table with the columns
 * that it had, and the same rows in them. What was added since is the run's own, whose lock keeps other runs away. In a
 * transaction with `FIXED_TEXT`.
 */
export async function isUntouched(
  link: Link,
  books: Bookkeeping,
  manifest: Manifest,
  { tables }: Contents,
): Promise<boolean> {
  const [answer] = await link.ask(tablesSql(books));
  const now = new Map(readTables(answer).map((table) => [table.name, table]));
  const told = new Map(manifest.objects.map((sum) => [sum.name, sum]));
  for (const table of tables) {
    if (table.kind !== 'user') continue;
    const found = now.get(table.name);
    if (found === undefined || !table.columns.every((column) => found.columns.includes(column))) return false;
    if (!(await isSame(link, table, told.get(table.name)))) return false;
  }
  return true;
}

async function isSame(link: Link, { qualified, texts, name }: DataTable, told: unknown): Promise<boolean> {
  const [answer] = await link.ask(sumSql(qualified, texts));
  return JSON.stringify(readSum(name, answer)) === JSON.stringify(told);
}
