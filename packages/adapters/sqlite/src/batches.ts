import { misuse, type BatchReader } from '@detent/core';
import { quoteIdent, sqlite } from '@detent/sql';
import { patiently, type Patience } from './busy.ts';
import type { Connection, Row } from './driver.ts';
import type { Link } from './link.ts';

/** Reads tables in the order of their key, from one place to the next, so that no row is counted past twice. */
export function createBatches(link: Link, patience: Patience): BatchReader {
  const keys = new Map<string, readonly string[]>();
  const keyOf = (connection: Connection, table: string): readonly string[] => {
    let key = keys.get(table);
    if (key === undefined) keys.set(table, (key = readKey(connection, table)));
    return key;
  };
  return {
    async count(table) {
      const connection = await link.reading();
      keyOf(connection, table);
      return patiently(
        () => Number(connection.value(`SELECT count(*) FROM ${quoteIdent(sqlite, 'main', table)}`)),
        patience,
      );
    },
    async read({ table, size, after }) {
      const connection = await link.reading();
      const key = keyOf(connection, table);
      const columns = key.map((column) => quoteIdent(sqlite, column));
      const aliases = key.map((_, index) => `"${CURSOR}${index}"`);
      const selected = columns.map((column, index) => `${column} AS ${aliases[index] ?? ''}`).join(', ');
      const place = decodeCursor(after);
      const condition = place === null ? '' : `WHERE (${columns.join(', ')}) > (${place.map(() => '?').join(', ')})`;
      const text = `SELECT ${selected}, * FROM ${quoteIdent(sqlite, 'main', table)} ${condition} ORDER BY ${columns.join(', ')} LIMIT ?`;
      const found = await patiently(() => connection.exact(text, [...(place ?? []), size]), patience);
      const last = found.length < size ? undefined : found.at(-1);
      return {
        rows: found.map(withoutCursor),
        cursor: last === undefined ? null : key.map((_, index) => encode(last[`${CURSOR}${index}`])),
      };
    },
  };
}

const CURSOR = 'detent cursor ';

/** The primary key, or the hidden row number under whichever of its names no column has taken. Throws `CONFIG`. */
function readKey(connection: Connection, table: string): readonly string[] {
  const columns = connection.all('SELECT name, pk FROM pragma_table_xinfo(?)', table);
  if (columns.length === 0)
    throw misuse(`There is no table "${table}" to go through.`, 'Name a table of the database, without its schema.');
  const taken = new Set(columns.map(({ name }) => String(name).toLowerCase()));
  const hasRowid = Number(connection.value(WITHOUT_ROWID, table)) !== 1;
  const hidden = ['rowid', '_rowid_', 'oid'].find((name) => !taken.has(name));
  if (hasRowid && hidden !== undefined) return [hidden];
  const key = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a['pk']) - Number(b['pk']));
  if (key.length > 0) return key.map(({ name }) => String(name));
  throw misuse(`The table "${table}" has no key to go along.`, 'Give it a primary key first.');
}

const WITHOUT_ROWID = "SELECT wr FROM pragma_table_list WHERE schema = 'main' AND name = ?";

function withoutCursor(row: Row): Record<string, unknown> {
  return Object.fromEntries(Object.entries(row).filter(([column]) => !column.startsWith(CURSOR)));
}

/** A key's value as plain JSON. */
type Encoded = string | number | null | { readonly bigint: string } | { readonly blob: string };

function encode(value: unknown): Encoded {
  if (typeof value === 'bigint') return { bigint: String(value) };
  if (value instanceof Uint8Array) return { blob: Buffer.from(value).toString('base64') };
  return value as string | number | null;
}

function decodeCursor(cursor: unknown): readonly unknown[] | null {
  if (cursor === null || cursor === undefined) return null;
  if (!Array.isArray(cursor))
    throw misuse(
      'The saved place of a batch is not one that SQLite wrote.',
      'Settle the migration with `detent resolve`.',
    );
  return (cursor as readonly Encoded[]).map((part) => {
    if (typeof part !== 'object' || part === null) return part;
    return 'bigint' in part ? BigInt(part.bigint) : Buffer.from(part.blob, 'base64');
  });
}
