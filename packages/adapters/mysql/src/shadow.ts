import { hash } from 'node:crypto';
import type { Manifest } from '@detent/core';
import { jsonOf, readSections, type Section } from '@detent/core/backup';
import { mariadb, quoteIdent } from '@detent/sql';
import type { Bookkeeping } from './bookkeeping.ts';
import { copiedOf, tablesOf, type DataTable } from './data-tables.ts';
import { textsOf, type Contents, type Counters, type SavedTable } from './dump.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import { documentSql, fieldSql, spansIn } from './row.ts';
import { FIXED_TEXT, sumsIn } from './sums.ts';
import { isRefused } from './wire.ts';

export const FORMAT = 'detent-mysql-backup-1';

/** The databases that a restore makes beside the one it restores, and takes away again. */
export interface Scratch {
  /** Where the tables of the backup are made and compared. */
  readonly made: string;
  /** Where the tables that they replace go. */
  readonly retired: string;
}

export function scratchOf({ schema, lockName }: Bookkeeping): Scratch {
  const base = `${schema.slice(0, 36)}_detent_${hash('sha256', lockName).slice(0, 8)}`;
  return { made: `${base}_new`, retired: `${base}_old` };
}

/** What lets rows in as they were, whatever the rules of today. */
const LENIENT =
  "SET SESSION sql_mode = 'NO_AUTO_VALUE_ON_ZERO,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION', SESSION foreign_key_checks = 0, " +
  'SESSION unique_checks = 1 /*M! , SESSION check_constraint_checks = 0 */';
/** What would make another table of the same text. Not every server has them, and some take a right to set. */
const LOOSE = [
  'innodb_strict_mode = 0',
  'sql_require_primary_key = 0',
  'sql_generate_invisible_primary_key = 0',
  'explicit_defaults_for_timestamp = 1',
];
/** No right to set it, no such variable, not to be set while the server runs. */
const NOT_LOOSE = [1227, 1193, 1238];
const takesPeriods = (is: boolean): string => `SET SESSION system_versioning_insert_history = ${Number(is)}`;

/** Literals of one statement, in characters; a field that is longer goes before in pieces. */
const STATEMENT = 1 << 20;

export interface Loaded {
  readonly contents: Contents;
  readonly counters: Counters;
  /** Statements that fill Detent's own tables. */
  readonly books: readonly string[];
}

/**
 * Makes every table of the backup anew in a database of its own and compares them with the manifest. The live tables are not
 * touched. `link` is by the connection that does it, whose database is the new one afterwards.
 */
export function loadShadow(link: Link, scratch: Scratch, manifest: Manifest): Promise<Loaded> {
  return load(link, scratch, manifest, true);
}

/** Up to this size a backup is put back aside as a whole before anybody relies on it, else its tables without their rows. */
const REHEARSED = 8 << 20;

/** Throws for a backup that could not be put back. Leaves nothing. */
export async function rehearse(link: Link, scratch: Scratch, manifest: Manifest): Promise<void> {
  try {
    await load(link, scratch, manifest, manifest.bytes <= REHEARSED);
  } finally {
    if (link.wire.isOpen) await dropScratch(link, scratch);
  }
}

export async function dropScratch(link: Link, scratch: Scratch): Promise<void> {
  for (const name of Object.values(scratch)) await link.ask(`DROP DATABASE IF EXISTS ${quoteIdent(mariadb, name)}`);
}

async function load(link: Link, scratch: Scratch, manifest: Manifest, withRows: boolean): Promise<Loaded> {
  const { made } = scratch;
  const { schema } = await link.books();
  const name = quoteIdent(mariadb, made);
  await link.ask(FIXED_TEXT, LENIENT);
  for (const each of LOOSE)
    await link.wire.run(`SET SESSION ${each}`).catch((error: unknown) => {
      if (!isRefused(error, ...NOT_LOOSE)) throw error;
    });
  await dropScratch(link, scratch);
  let contents: Contents | null = null;
  let counters: Counters = { increments: [], sequences: [] };
  const books: string[] = [];
  for await (const section of readSections(manifest.path, FORMAT)) {
    const { kind, table } = section.header;
    if (kind === 'contents') {
      contents = (await jsonOf(section)) as Contents;
      if (contents.schema !== schema)
        throw new Error(`it is of the database ${contents.schema}, and can be put back into that alone`);
      await makeTables(link, made, contents);
      await link.ask(`USE ${name}`);
      if (!withRows) break;
    } else if (contents !== null && kind === 'rows') {
      const found = contents.tables[Number(table)];
      if (found === undefined) throw new Error('the backup has rows of an unknown table');
      const keep = found.kind === 'books' ? (text: string) => books.push(text) : null;
      await fillTable(link, made, found, section, keep);
    } else if (contents !== null && kind === 'end') {
      counters = (await jsonOf(section)) as Counters;
      await setCounters(link, made, counters);
    } else throw new Error(`the backup has a part of an unknown kind, ${String(kind)}`);
  }
  if (contents === null) throw new Error('the backup is empty');
  const restored = await compareTables(link, made, contents);
  if (withRows) await compareRows(link, made, restored, manifest);
  return { contents, counters, books };
}

async function makeTables(link: Link, made: string, { schema, collation, tables, sequences }: Contents): Promise<void> {
  const name = quoteIdent(mariadb, made);
  await link.ask(`CREATE DATABASE ${name} COLLATE ${collation}`);
  // The default of a column names its sequence with the database that it will be in.
  await link.ask(`USE ${quoteIdent(mariadb, schema)}`);
  for (const { text } of sequences) await link.ask(text.replace('CREATE SEQUENCE', 'CREATE SEQUENCE IF NOT EXISTS'));
  await link.ask(`USE ${name}`);
  for (const { text } of [...sequences, ...tables.filter(({ kind }) => kind === 'user')]) await link.ask(text);
}

async function fillTable(
  link: Link,
  made: string,
  table: SavedTable,
  section: Section,
  keep: ((text: string) => void) | null,
): Promise<void> {
  const { maxPacket } = await link.greeting();
  const most = Math.min(STATEMENT, Math.floor(maxPacket / 2));
  const { schema } = await link.books();
  const place = quoteIdent(mariadb, keep === null ? made : schema, table.name);
  const copied = copiedOf(table);
  const columns = copied.map(({ name }) => quoteIdent(mariadb, name)).join(', ');
  const head = `INSERT INTO ${place} (${columns}) VALUES `;
  if (table.past !== 'none') await link.ask(takesPeriods(true));
  let rows: string[] = [];
  let length = 0;
  const send = async (): Promise<void> => {
    if (rows.length === 0) return;
    const text = head + rows.join(',');
    rows = [];
    length = 0;
    if (keep === null) await link.wire.run(text);
    else keep(text);
  };
  for await (const piece of section.pieces) {
    for (const spans of spansIn(piece, copied.length)) {
      const fields: string[] = [];
      const long: string[] = [];
      for (const [index, column] of copied.entries()) {
        const span = spans[index] ?? null;
        const isLong = span !== null && 2 * (span.to - span.from) > most / 2;
        if (isLong && keep === null) {
          const variable = `@detent_${index}`;
          long.push(variable);
          await sendInPieces(link, variable, piece.subarray(span.from, span.to), most);
          const text = (): string => piece.toString('utf8', span.from, span.to);
          const document = `CONVERT(${variable} USING utf8mb4)`;
          fields.push(column.form === 'json' ? documentSql(document, text()) : variable);
        } else fields.push(fieldSql(piece, span, column));
      }
      const row = `(${fields.join(',')})`;
      if (length + row.length > most) await send();
      rows.push(row);
      length += row.length;
      if (long.length === 0) continue;
      await send();
      await link.ask(...long.splice(0).map((variable) => `SET ${variable} = NULL`));
    }
  }
  await send();
  if (table.past !== 'none') await link.ask(takesPeriods(false));
}

/** A field that is too long for a statement. */
async function sendInPieces(link: Link, variable: string, bytes: Buffer, most: number): Promise<void> {
  const size = Math.floor(most / 2);
  await link.wire.run(`SET ${variable} = _binary ''`);
  for (let at = 0; at < bytes.length; at += size) {
    const part = bytes.toString('hex', at, Math.min(at + size, bytes.length));
    await link.wire.run(`SET ${variable} = CONCAT(${variable}, _binary X'${part}')`);
  }
}

async function setCounters(link: Link, made: string, { increments, sequences }: Counters): Promise<void> {
  for (const [table, next] of increments)
    await link.ask(`ALTER TABLE ${quoteIdent(mariadb, made, table)} AUTO_INCREMENT = ${next}`);
  for (const [name, values] of sequences) {
    const row = values.map((value) => (value === null ? 'NULL' : literal(value))).join(', ');
    await link.ask(`INSERT INTO ${quoteIdent(mariadb, made, name)} VALUES (${row})`);
  }
}

/** The tables as they are now in the new database, against what the backup says of them. Gives them. */
async function compareTables(link: Link, made: string, contents: Contents): Promise<readonly DataTable[]> {
  const saved = contents.tables.filter(({ kind }) => kind === 'user');
  const books = await link.books();
  const tables = await tablesOf({ ...link, books: async () => ({ ...books, schema: made }) });
  const texts = await textsOf(
    link,
    saved.map(({ name }) => ({ kind: 'table', schema: made, name })),
  );
  for (const [index, { name, text, columns }] of saved.entries()) {
    const found = tables.find((table) => table.name === name);
    const isSame = found !== undefined && JSON.stringify(found.columns) === JSON.stringify(columns);
    if (!isSame || uncounted(texts[index] ?? '') !== uncounted(text))
      throw new Error(`the restored table ${name} is not the one in the backup`);
  }
  if (tables.length !== saved.length) throw new Error('the restored tables are not those in the backup');
  return tables;
}

async function compareRows(
  link: Link,
  made: string,
  tables: readonly DataTable[],
  { objects }: Manifest,
): Promise<void> {
  const sums = await sumsIn(link.wire, made, tables);
  const other = objects.find((sum, index) => JSON.stringify(sums[index]) !== JSON.stringify(sum));
  if (other !== undefined) throw new Error(`the restored rows of ${other.name} are not those in the manifest`);
  if (sums.length !== objects.length) throw new Error('the restored tables are not those in the manifest');
}

/** Without where its numbers go on, and with its keys in no order. */
function uncounted(text: string): string {
  const lines = text.replace(/(\n\) [^\n]*?) AUTO_INCREMENT=\d+/, '$1').split('\n');
  return lines
    .map((line) => line.replace(/,$/, ''))
    .sort()
    .join('\n');
}
