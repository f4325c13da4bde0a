import { misuse, type BatchReader } from '@detent/core';
import { mariadb, quoteIdent } from '@detent/sql';
import { translate } from './errors.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import { valueOf } from './wire.ts';

interface KeyColumn {
  readonly name: string;
  /** How a value of it is written into a text and read from one, so that nothing of it is lost. */
  readonly form: 'text' | 'number' | 'bytes';
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
        'Name a table; with its database where it is not in the one of the connection.',
      );
    const key = rows.flatMap(({ name, type }) =>
      name === null || name === undefined ? [] : [{ name, form: formOf(type ?? '') }],
    );
    if (key.length === 0) throw misuse(`The table "${table}" has no key to go along.`, 'Give it a primary key first.');
    keys.set(table, key);
    return key;
  };
  return {
    async count(table) {
      await flush();
      await keyOf(table);
      return Number(valueOf((await link.ask(`SELECT COUNT(*) FROM ${quoted(table)}`))[0]));
    },
    async read({ table, size, after }) {
      await flush();
      const key = await keyOf(table);
      const columns = key.map(({ name }) => quoteIdent(mariadb, name));
      const selected = columns.map((column, index) => `${readSql(column, key[index]?.form)} AS \`${CURSOR}${index}\``);
      const place = readCursor(after, key.length);
      const values = (place ?? []).map((value, index) => writeSql(value, key[index]?.form));
      const condition = place === null ? '' : `WHERE (${columns.join(', ')}) > (${values.join(', ')}) `;
      const text =
        `SELECT ${selected.join(', ')}, t.* FROM ${quoted(table)} t ${condition}` +
        `ORDER BY ${columns.join(', ')} LIMIT ${size}`;
      const found = await link.wire.query(text, []).catch((error: unknown) => {
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

const NUMBERS = /^(?:tiny|small|medium|big)?int$|^decimal$|^float$|^double$|^year$|^bit$/;

function formOf(type: string): KeyColumn['form'] {
  if (NUMBERS.test(type)) return 'number';
  return /binary|blob/.test(type) ? 'bytes' : 'text';
}

function readSql(column: string, form: KeyColumn['form'] | undefined): string {
  if (form === 'bytes') return `HEX(t.${column})`;
  return form === 'number' ? `CAST(t.${column} + 0 AS CHAR)` : `CAST(t.${column} AS CHAR)`;
}

function writeSql(value: string, form: KeyColumn['form'] | undefined): string {
  if (form === 'bytes') return `X'${value.replaceAll(/[^0-9A-F]/gi, '')}'`;
  return form === 'number' && /^-?[\d.]+(?:e[+-]?\d+)?$/i.test(value) ? value : literal(value);
}

/** `database.table`, or a table of the connection's database. */
function quoted(table: string): string {
  return quoteIdent(mariadb, ...table.split('.'));
}

/** One row for each column of the primary key; one row of NULLs where the table has none; no row where there is no table. */
function keySql(table: string): string {
  const [name = '', schema] = table.split('.').toReversed();
  const place = schema === undefined ? 'DATABASE()' : literal(schema);
  return (
    'SELECT k.COLUMN_NAME AS name, c.DATA_TYPE AS type FROM information_schema.TABLES t ' +
    "LEFT JOIN information_schema.STATISTICS k ON k.TABLE_SCHEMA = t.TABLE_SCHEMA AND k.TABLE_NAME = t.TABLE_NAME AND k.INDEX_NAME = 'PRIMARY' " +
    'LEFT JOIN information_schema.COLUMNS c ON c.TABLE_SCHEMA = k.TABLE_SCHEMA AND c.TABLE_NAME = k.TABLE_NAME AND c.COLUMN_NAME = k.COLUMN_NAME ' +
    `WHERE t.TABLE_SCHEMA = ${place} AND t.TABLE_NAME = ${literal(name)} ORDER BY k.SEQ_IN_INDEX`
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
    'The saved place of a batch is not one of this database.',
    'Settle the migration with `detent resolve`.',
  );
}
