import { misuse, type BatchReader } from '@detent/core';
import { postgres, quoteIdent } from '@detent/sql';
import { translate } from './errors.ts';
import { literal } from './inline.ts';
import { valueOf, type Link } from './link.ts';

interface KeyColumn {
  readonly name: string;
  /** As PostgreSQL writes it, with its modifiers. */
  readonly type: string;
}

const CURSOR = 'detent cursor ';

/** Reads tables in the order of their key, from one place to the next, so that no row is counted past twice. */
export function createBatches(link: Link, flush: () => Promise<void>): BatchReader {
  const keys = new Map<string, readonly KeyColumn[]>();
  const keyOf = async (table: string): Promise<readonly KeyColumn[]> => {
    const known = keys.get(table);
    if (known !== undefined) return known;
    const [answer] = await link.ask(keySql(table));
    const rows = answer?.rows ?? [];
    if (rows.length === 0)
      throw misuse(
        `There is no table "${table}" to go through.`,
        'Name a table; with its schema where it is not on the search path.',
      );
    const key = rows.flatMap(({ name, type }) =>
      name === null || name === undefined ? [] : [{ name, type: type ?? 'text' }],
    );
    if (key.length === 0) throw misuse(`The table "${table}" has no key to go along.`, 'Give it a primary key first.');
    keys.set(table, key);
    return key;
  };
  return {
    async count(table) {
      await flush();
      await keyOf(table);
      return Number(valueOf((await link.ask(`SELECT count(*) FROM ${quoted(table)}`))[0]));
    },
    async read({ table, size, after }) {
      await flush();
      const key = await keyOf(table);
      const columns = key.map(({ name }) => quoteIdent(postgres, name));
      const selected = columns.map((column, index) => `${column}::text AS "${CURSOR}${index}"`).join(', ');
      const place = readCursor(after, key.length);
      const values = key.map(({ type }, index) => `$${index + 1}::text::${type}`).join(', ');
      const condition = place === null ? '' : `WHERE (${columns.join(', ')}) > (${values}) `;
      const text = `SELECT ${selected}, * FROM ${quoted(table)} ${condition}ORDER BY ${columns.join(', ')} LIMIT ${size}`;
      const found = await link.wire.query(text, place ?? []).catch((error: unknown) => {
        throw translate(error, link.target);
      });
      const last = found.length < size ? undefined : found.at(-1);
      return {
        rows: found.map(withoutCursor),
        cursor: last === undefined ? null : key.map((_, index) => last[`${CURSOR}${index}`]),
      };
    },
  };
}

/** `schema.table` or a table along the search path. */
function quoted(table: string): string {
  return quoteIdent(postgres, ...table.split('.'));
}

/** One row for each column of the primary key; one row of NULLs where the table has none; no row where there is no table. */
function keySql(table: string): string {
  return (
    'SELECT a.attname AS name, format_type(a.atttypid, a.atttypmod) AS type FROM pg_catalog.pg_class c ' +
    'LEFT JOIN pg_catalog.pg_index i ON i.indrelid = c.oid AND i.indisprimary ' +
    'LEFT JOIN LATERAL unnest(i.indkey) WITH ORDINALITY AS k (attnum, place) ON true ' +
    'LEFT JOIN pg_catalog.pg_attribute a ON a.attrelid = c.oid AND a.attnum = k.attnum ' +
    `WHERE c.oid = to_regclass(${literal(quoted(table))}) ORDER BY k.place`
  );
}

function withoutCursor(row: Record<string, unknown>): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !column.startsWith(CURSOR)));
}

function readCursor(cursor: unknown, length: number): readonly string[] | null {
  if (cursor === null || cursor === undefined) return null;
  if (Array.isArray(cursor) && cursor.length === length && cursor.every((part) => typeof part === 'string'))
    return cursor;
  throw misuse(
    'The saved place of a batch is not one that PostgreSQL wrote.',
    'Settle the migration with `detent resolve`.',
  );
}
