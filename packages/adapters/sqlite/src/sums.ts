import { createHash } from 'node:crypto';
import { setImmediate as breathe } from 'node:timers/promises';
import type { ObjectSum } from '@detent/core';
import { quoteIdent, sqlite } from '@detent/sql';
import type { Connection } from './driver.ts';

/** Characters read before others get their turn. */
const BREATH = 4_000_000;
const CHUNK = 65_536;

/** Rows and checksum of every table but SQLite's and Detent's own, by name. */
export async function contentSums(connection: Connection, own: readonly string[]): Promise<readonly ObjectSum[]> {
  const sums: ObjectSum[] = [];
  for (const name of tableNames(connection, own)) sums.push(await sumOf(connection, name));
  return sums;
}

/** The rows alone. */
export function rowCounts(
  connection: Connection,
  own: readonly string[],
): readonly { readonly name: string; readonly rows: number }[] {
  return tableNames(connection, own).map((name) => ({
    name,
    rows: Number(connection.value(`SELECT count(*) FROM ${quoteIdent(sqlite, 'main', name)}`)),
  }));
}

function tableNames(connection: Connection, own: readonly string[]): readonly string[] {
  const mine = new Set(own.map((name) => name.toLowerCase()));
  return connection
    .all(TABLES)
    .map(({ name }) => String(name))
    .filter((name) => !mine.has(name.toLowerCase()));
}

async function sumOf(connection: Connection, table: string): Promise<ObjectSum> {
  const columns = connection.all(COLUMNS, table);
  const quoted = columns.map(({ name }) => quoteIdent(sqlite, String(name)));
  const key = columns.filter(({ pk }) => Number(pk) > 0).sort((a, b) => Number(a['pk']) - Number(b['pk']));
  // Without a key of its own a table has only its hidden numbers, which say nothing about the content.
  const order = key.length > 0 ? key.map(({ name }) => quoteIdent(sqlite, String(name))) : quoted;
  // quote() stops at a NUL character.
  const line = quoted
    .map((column) => `iif(instr(${column}, char(0)), typeof(${column}) || hex(${column}), quote(${column}))`)
    .join(" || ',' || ");
  const text = `SELECT ${line} AS line FROM ${quoteIdent(sqlite, 'main', table)} ORDER BY ${order.join(', ')}`;
  const digest = createHash('sha256').update(columns.map(({ name }) => String(name)).join());
  let rows = 0;
  let chunk = '';
  let sinceBreath = 0;
  for (const { line: values } of connection.iterate(text)) {
    chunk += `\n${String(values)}`;
    rows += 1;
    if (chunk.length < CHUNK) continue;
    digest.update(chunk);
    sinceBreath += chunk.length;
    chunk = '';
    if (sinceBreath < BREATH) continue;
    sinceBreath = 0;
    await breathe();
  }
  return { name: table, rows, checksum: `sha256:${digest.update(chunk).digest('hex')}` };
}

const TABLES = `
  SELECT name FROM pragma_table_list
  WHERE schema = 'main' AND type IN ('table', 'virtual') AND name NOT LIKE 'sqlite\\_%' ESCAPE '\\' ORDER BY name`;

/** Generated columns follow from the others. */
const COLUMNS = 'SELECT name, pk FROM pragma_table_xinfo(?) WHERE hidden = 0 ORDER BY cid';
