import { hash } from 'node:crypto';
import type { Manifest } from '@detent/core';
import { mariadb, quoteIdent } from '@detent/sql';
import type { Bookkeeping } from './bookkeeping.ts';
import { tablesOf, type DataTable } from './data-tables.ts';
import { textsOf, type Contents, type Counters } from './dump.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import type { Method } from './method.ts';
import { FIXED_TEXT, sumsIn } from './sums.ts';
import { isRefused } from './wire.ts';

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

export interface Loaded {
  readonly contents: Contents;
  /** Statements that fill Detent's own tables. */
  readonly books: readonly string[];
}

/**
 * Makes every table of the backup anew in a database of its own and compares them with the manifest. The live tables are not
 * touched. `link` is by the connection that does it, whose database is the new one afterwards.
 */
export function loadShadow(link: Link, scratch: Scratch, method: Method, manifest: Manifest): Promise<Loaded> {
  return load(link, scratch, method, manifest, true);
}

/** Up to this size a backup is put back aside as a whole before anybody relies on it, else its tables without their rows. */
const REHEARSED = 8 << 20;

/** Throws for a backup that could not be put back. Leaves nothing. */
export async function rehearse(link: Link, scratch: Scratch, method: Method, manifest: Manifest): Promise<void> {
  try {
    await load(link, scratch, method, manifest, manifest.bytes <= REHEARSED);
  } catch (error) {
    await dropScratch(link, scratch).catch(() => undefined);
    throw error;
  }
  await dropScratch(link, scratch);
}

export async function dropScratch(link: Link, scratch: Scratch): Promise<void> {
  for (const name of Object.values(scratch)) await link.ask(`DROP DATABASE IF EXISTS ${quoteIdent(mariadb, name)}`);
}

async function load(
  link: Link,
  scratch: Scratch,
  method: Method,
  manifest: Manifest,
  withRows: boolean,
): Promise<Loaded> {
  const { made } = scratch;
  const { schema } = await link.books();
  await link.ask(FIXED_TEXT, LENIENT);
  for (const each of LOOSE)
    await link.wire.run(`SET SESSION ${each}`).catch((error: unknown) => {
      if (!isRefused(error, ...NOT_LOOSE)) throw error;
    });
  await dropScratch(link, scratch);
  const contents = movedTo(schema, await method.contents(manifest));
  await makeTables(link, made, contents);
  await link.ask(`USE ${quoteIdent(mariadb, made)}`);
  const books: string[] = [];
  if (withRows) await setCounters(link, made, await method.fill(manifest, { link, made, books }));
  const restored = await compareTables(link, made, contents);
  if (withRows) await compareRows(link, made, restored, manifest);
  return { contents, books };
}

/** As it is to be in the database of that name. Throws for what names the one that it was in. */
function movedTo(schema: string, contents: Contents): Contents {
  if (contents.schema === schema) return contents;
  const qualifier = `${quoteIdent(mariadb, contents.schema)}.`;
  const programs = contents.programs.map((program) =>
    // The server writes it into every view.
    program.kind === 'view' ? { ...program, text: program.text?.replaceAll(qualifier, '') ?? null } : program,
  );
  for (const { name, text } of [...contents.tables, ...contents.sequences, ...programs])
    if (text?.includes(qualifier) === true)
      throw new Error(`${name} names the database ${contents.schema}, and can be put back into that alone`);
  return { ...contents, schema, programs };
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
export function uncounted(text: string): string {
  const lines = text.replace(/(\n\) [^\n]*?) AUTO_INCREMENT=\d+/, '$1').split('\n');
  return lines
    .map((line) => line.replace(/,$/, ''))
    .sort()
    .join('\n');
}
