import type { ObjectSum } from '@detent/core';
import type { Aside } from './aside.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import { readTables, tablesSql, type DataTable } from './data-tables.ts';
import { fingerprintSql } from './fingerprint.ts';
import type { SchemaObject, Schema } from './objects.ts';
import { readSchema, schemaQueries } from './objects.ts';
import { FIXED_TEXT, sumsOf, type Ask } from './sums.ts';
import { valueOf } from './link.ts';

/** What a backup holds, beside the rows themselves. */
export interface Contents {
  readonly schema: Schema;
  readonly tables: readonly DataTable[];
  /** Who made everything that has this owner. */
  readonly user: string;
}

/** A sequence and where it stands. */
export type SequenceState = readonly [qualified: string, value: string, isCalled: boolean];

export interface Dumped {
  readonly contents: Contents;
  readonly fingerprint: string;
  readonly objects: readonly ObjectSum[];
  readonly rows: number;
}

export interface DumpSettings {
  readonly ask: Ask;
  readonly books: Bookkeeping;
  readonly version: number;
  readonly lockMs: number;
  readonly signal: AbortSignal | undefined;
  /** `null` where there is one connection only. */
  readonly aside: Aside | null;
  /** The fingerprint as everybody sees it now. */
  readonly fingerprintNow: () => Promise<string>;
}

/** Who writes down what is read. */
export interface Keeper {
  /** Rows are read by others, who have to be told the snapshot. */
  readonly needsSnapshot: boolean;
  begin(contents: Contents): Promise<void>;
  /** Keeps every row, and gives how many each table has, by its name. `snapshot` is `null` unless it was asked for. */
  rows(contents: Contents, snapshot: string | null): Promise<ReadonlyMap<string, number>>;
  /** Sequences are no part of the snapshot. */
  end(sequences: readonly SequenceState[]): Promise<void>;
}

/** The schema changed while it was being read; another try may succeed. */
export class SchemaMoved extends Error {
  override readonly name: string = 'SchemaMoved';
}

/**
 * Reads the whole database as one snapshot sees it. A snapshot alone is not enough: a TRUNCATE or a rewrite of a table
 * after it leaves the table empty in it, and definitions are read as they are now. So every table is locked against changes
 * right after it, and what the snapshot says of the schema is compared with what everybody sees.
 */
export async function dump(settings: DumpSettings, keeper: Keeper): Promise<Dumped> {
  const { ask, books, version, lockMs, signal, fingerprintNow } = settings;
  await ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', ...FIXED_TEXT, `SET LOCAL lock_timeout = ${lockMs}`);
  const first = readTables((await ask(tablesSql(books)))[0]);
  const [locked] = await ask(lockableSql(books));
  const names = (locked?.rows ?? []).map(({ name }) => name ?? '');
  const locks = names.length === 0 ? [] : [`LOCK TABLE ONLY ${names.join(', ONLY ')} IN ACCESS SHARE MODE`];
  if (locks.length > 0) await ask(...locks);
  const tables = readTables((await ask(tablesSql(books)))[0]);
  const replaced = tables.filter(({ isReplaced }) => isReplaced);
  if (first.length !== tables.length || replaced.length > 0)
    throw new SchemaMoved(`${replaced[0]?.name ?? 'a table'} was truncated or rewritten meanwhile`);

  const fingerprint = `sha256:${valueOf((await ask(fingerprintSql(books.schema, books.own)))[0]) ?? ''}`;
  const user = valueOf((await ask('SELECT current_user::regrole::text'))[0]) ?? '';
  const { schema, unfit } = readSchema(books, version, await ask(...schemaQueries(books, version)));
  const [reason] = unfit;
  if (reason !== undefined) throw new Error(`${reason.type} ${reason.identity} cannot be kept: ${reason.why}`);

  const contents: Contents = { schema, tables, user };
  await keeper.begin(contents);
  const [rows, objects] = await rowsAndSums(settings, keeper, contents, locks);
  for (const { name, rows: counted } of objects) {
    const copied = rows.get(name);
    if (copied !== undefined && copied !== counted)
      throw new Error(`${name} has ${counted} rows, and ${copied} of them were copied`);
  }
  signal?.throwIfAborted();
  await keeper.end(await sequencesOf(ask, schema.objects));
  await ask('COMMIT');
  // Not before: whoever waits for the locks of this transaction would be waited for in turn.
  if ((await fingerprintNow()) !== fingerprint) throw new SchemaMoved('others changed the schema meanwhile');
  return { contents, fingerprint, objects, rows: [...rows.values()].reduce((sum, count) => sum + count, 0) };
}

/** How many rows of each table were kept, and what the server counts and sums up. */
async function rowsAndSums(
  { ask, aside }: DumpSettings,
  keeper: Keeper,
  contents: Contents,
  locks: readonly string[],
): Promise<readonly [ReadonlyMap<string, number>, readonly ObjectSum[]]> {
  const { tables } = contents;
  const isExported = aside !== null || keeper.needsSnapshot;
  const snapshot = isExported ? valueOf((await ask('SELECT pg_export_snapshot()'))[0]) : null;
  if (aside === null || snapshot === null || !(await aside.join(snapshot, locks)))
    return [await keeper.rows(contents, snapshot), await sumsOf(ask, tables)];
  try {
    const summing = aside.sums(tables);
    summing.catch(() => undefined);
    return [await keeper.rows(contents, snapshot), await summing];
  } finally {
    await aside.leave();
  }
}

/** Everything that a lock can be taken on. */
export function lockableSql(books: Bookkeeping): string {
  return (
    `SELECT format('%I.%I', n.nspname, c.relname) AS name FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace ` +
    `WHERE n.nspname !~ '^pg_' AND n.nspname <> 'information_schema' AND c.relkind IN ('r', 'p') AND c.relpersistence <> 't' ` +
    `AND NOT EXISTS (SELECT 1 FROM pg_depend x WHERE x.classid = 'pg_class'::regclass AND x.objid = c.oid AND x.deptype = 'e') ` +
    `AND c.oid IS DISTINCT FROM to_regclass('${books.history.tables.lock.replaceAll("'", "''")}') ORDER BY c.oid`
  );
}

async function sequencesOf(ask: Ask, objects: readonly SchemaObject[]): Promise<readonly SequenceState[]> {
  const names = objects.filter(({ kind }) => kind === 'sequence').map(({ label }) => label.slice('SEQUENCE '.length));
  if (names.length === 0) return [];
  const answers = await ask(...names.map((name) => `SELECT last_value, is_called FROM ${name}`));
  return names.map((name, index) => {
    const row = answers[index]?.rows[0];
    return [name, row?.['last_value'] ?? '1', row?.['is_called'] === 't'];
  });
}
