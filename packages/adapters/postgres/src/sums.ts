import type { ObjectSum } from '@detent/core';
import type { Bookkeeping } from './bookkeeping.ts';
import { readTables, tablesSql, type DataTable } from './data-tables.ts';
import type { Answer } from './wire.ts';

/** Several commands in one message. */
export type Ask = (...texts: readonly string[]) => Promise<readonly Answer[]>;

/** Tables summed in one message. */
const TOGETHER = 32;
/** Of a large object, in bytes. */
const PAGE = 1 << 20;

/** What decides how values are written as text; for one transaction. Every name shows its schema. */
export const FIXED_TEXT: readonly string[] = Object.entries({
  search_path: '',
  datestyle: 'ISO, YMD',
  intervalstyle: 'postgres',
  timezone: 'UTC',
  bytea_output: 'hex',
  extra_float_digits: '3',
  lc_monetary: 'C',
  xmloption: 'content',
  quote_all_identifiers: 'off',
  array_nulls: 'on',
  row_security: 'off',
  statement_timeout: '0',
  idle_in_transaction_session_timeout: '0',
}).map(([name, value]) => `SET LOCAL ${name} = '${value}'`);

/** In a transaction with `FIXED_TEXT`. By name; the large objects last, where there are any. */
export async function contentSums(ask: Ask, books: Bookkeeping): Promise<readonly ObjectSum[]> {
  const [answer] = await ask(tablesSql(books));
  return sumsOf(ask, readTables(answer));
}

/** The server hashes each row and adds the hashes up, so that the order of rows does not matter and only sums travel. */
export async function sumsOf(ask: Ask, tables: readonly DataTable[]): Promise<readonly ObjectSum[]> {
  const users = tables.filter(({ kind }) => kind === 'user');
  const sums: ObjectSum[] = [];
  for (let at = 0; at < users.length; at += TOGETHER) {
    const some = users.slice(at, at + TOGETHER);
    const answers = await ask(...some.map(({ qualified, texts }) => sumSql(qualified, texts)));
    some.forEach(({ name }, index) => sums.push(readSum(name, answers[index])));
  }
  const [objects] = await ask(OBJECTS_SUM);
  const large = readSum('large objects', objects);
  return large.rows === 0 ? sums : [...sums, large];
}

/** `texts`: of the columns of a row `x`. */
export function sumSql(qualified: string, texts: readonly string[]): string {
  return hashes(texts, `ONLY ${qualified} AS x`, 'count(*)');
}

export function readSum(name: string, answer: Answer | undefined): ObjectSum {
  const row = answer?.rows[0];
  return { name, rows: Number(row?.['rows'] ?? 0), checksum: `hash:${row?.['a'] ?? '0'}:${row?.['b'] ?? '0'}` };
}

/** Each column is hashed with a seed of its own, and the hashes of a row in two ways, each added up in 128 bits. */
function hashes(texts: readonly string[], from: string, rows: string): string {
  const columns = texts.map((text, index) => `hashtextextended(${text} COLLATE "C", ${index + 1})`);
  const lines = `SELECT ARRAY[${columns.join(', ')}]::bigint[] AS line FROM ${from} OFFSET 0`;
  return `SELECT ${rows} AS rows, sum(hash_array_extended(line, 0)) AS a, sum(hash_array_extended(line, 7140072)) AS b FROM (${lines}) AS lines`;
}

/** The pages of every large object: its number, where they begin, and their bytes. */
export const OBJECT_PAGES: string =
  `SELECT s.oid, p.at, pg_catalog.lo_get(s.oid, p.at, ${PAGE}) AS data FROM ` +
  // 262144 is INV_READ; the size is where the end is.
  `(SELECT l.oid, lo_lseek64(f.fd, 0, 2) AS size, lo_close(f.fd) FROM pg_largeobject_metadata l, LATERAL (SELECT lo_open(l.oid, 262144) AS fd OFFSET 0) f OFFSET 0) s, ` +
  `LATERAL (SELECT n * ${PAGE}::bigint AS at FROM generate_series(0, (s.size - 1) / ${PAGE}) n WHERE s.size > 0) p`;

const OBJECTS_SUM = hashes(
  ['x.oid::text', 'x.at::text', "encode(x.data, 'hex')"],
  `(${OBJECT_PAGES}) AS x`,
  '(SELECT count(*) FROM pg_largeobject_metadata)',
);
