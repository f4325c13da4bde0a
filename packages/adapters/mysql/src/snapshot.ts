import { mariadb, quoteIdent } from '@detent/sql';
import { tablesOf, type DataTable } from './data-tables.ts';
import type { Link } from './link.ts';
import { TOGETHER } from './programs.ts';

/** The schema changed while it was being read; another try may succeed. */
export class SchemaMoved extends Error {
  override readonly name: string = 'SchemaMoved';
}

/**
 * Begins a transaction in which every table stays what it is, and whose one snapshot of the rows is younger than that. A
 * snapshot is of rows alone: taken first, it would show a table that was put into the place of another as it was before it was
 * filled. Reading no row of a table keeps its definition and takes no snapshot. With `FIXED_TEXT`. Gives the tables.
 */
export async function beginSnapshot(link: Link): Promise<readonly DataTable[]> {
  const { schema } = await link.books();
  const before = await tablesOf(link);
  const read = ({ name }: DataTable, limit: number): string =>
    `SELECT 1 FROM ${quoteIdent(mariadb, schema, name)} LIMIT ${limit}`;
  await link.ask('SET TRANSACTION ISOLATION LEVEL REPEATABLE READ', 'START TRANSACTION READ ONLY');
  for (let at = 0; at < before.length; at += TOGETHER)
    await link.ask(...before.slice(at, at + TOGETHER).map((table) => read(table, 0)));
  const covered = before.find(({ engine }) => engine.toLowerCase() === 'innodb');
  if (covered !== undefined) await link.ask(read(covered, 1));
  const tables = await tablesOf(link);
  if (JSON.stringify(tables) !== JSON.stringify(before)) throw new SchemaMoved('a table was made or changed meanwhile');
  return tables;
}
