import type { ObjectSum } from '@detent/core';
import { mariadb, quoteIdent } from '@detent/sql';
import { objectsIn, type SchemaObject } from './definitions.ts';
import { tablesOf, type DataTable } from './data-tables.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { by, type Link } from './link.ts';
import { literal } from './literal.ts';
import { programsOf, showSql, TOGETHER, type Program } from './programs.ts';
import { beginSnapshot, SchemaMoved } from './snapshot.ts';
import { FIXED_TEXT } from './sums.ts';
import { valueOf, type Wire } from './wire.ts';

/** What a backup's first section says. */
export interface Contents {
  readonly schema: string;
  /** The collation of the database. */
  readonly collation: string;
  readonly tables: readonly SavedTable[];
  readonly sequences: readonly { readonly name: string; readonly text: string }[];
  readonly programs: readonly Program[];
}

export interface SavedTable extends DataTable {
  /** The server's statement that makes it. */
  readonly text: string;
}

/** What the last section says: no snapshot covers these, so that they are read after every row. */
export interface Counters {
  /** The next number of a table that counts. */
  readonly increments: readonly (readonly [table: string, next: string])[];
  /** The row that a sequence is. */
  readonly sequences: readonly (readonly [name: string, values: readonly (string | null)[]])[];
}

export interface Dumped {
  readonly fingerprint: string;
  /** By name. */
  readonly objects: readonly ObjectSum[];
  readonly rows: number;
  readonly contents: Contents;
  readonly counters: Counters;
}

export interface DumpSettings {
  /** By the connection that reads. */
  readonly link: Link;
  readonly lockMs: number;
  readonly signal: AbortSignal | undefined;
  /** A connection that locks tables without transactions; `null`: there is none. */
  readonly guard: Wire | null;
}

/** Keeps what one snapshot sees. Its steps are taken in this order. */
export interface Keeper {
  /** Lets `take` begin the snapshot, and begins whatever has to see the same. */
  still(
    settings: DumpSettings,
    take: () => Promise<readonly DataTable[]>,
    tables: readonly DataTable[],
  ): Promise<readonly DataTable[]>;
  /** Keeps the rows of every table, and sums up those of the user's. */
  rows(settings: DumpSettings, contents: Contents): Promise<readonly ObjectSum[]>;
  end(counters: Counters): Promise<void>;
}

/** Keeps the database. */
export type Dump = (keeper: Keeper, signal: AbortSignal | undefined) => Promise<Dumped>;

/** Tables that no snapshot covers. */
export const isLockable = ({ engine }: DataTable): boolean =>
  ['myisam', 'aria', 'memory'].includes(engine.toLowerCase());

/** Reads the whole schema as one snapshot sees it. */
export async function dump(settings: DumpSettings, keeper: Keeper): Promise<Dumped> {
  const { link, lockMs, signal, guard } = settings;
  await link.ask(FIXED_TEXT, `SET SESSION lock_wait_timeout = ${secondsOf(lockMs)}`);
  const before = await tablesOf(link);
  const loose = before.filter(isLockable);
  if (loose.length > 0) {
    if (guard === null) throw new Error(`${loose[0]?.name ?? ''} needs a second connection, which could not be had`);
    await lockForReading(by(link, guard), loose, lockMs);
  }
  const tables = await keeper.still(settings, () => beginSnapshot(link), before);
  if (tables.filter(isLockable).some((table) => !loose.some(({ name }) => name === table.name)))
    throw new SchemaMoved('a table that has to be locked was made meanwhile');
  const fingerprint = await schemaFingerprint(link);
  await link.ask(FIXED_TEXT);
  const contents = await contentsOf(link, tables);
  const objects = await keeper.rows(settings, contents);
  signal?.throwIfAborted();
  const counters = await countersOf(link, contents);
  await keeper.end(counters);
  const after = await schemaFingerprint(link);
  await link.ask('COMMIT');
  if (after !== fingerprint) throw new SchemaMoved('others changed the schema meanwhile');
  return {
    fingerprint,
    objects: objects.toSorted((a, b) => (a.name < b.name ? -1 : 1)),
    rows: objects.reduce((sum, { rows }) => sum + rows, 0),
    contents,
    counters,
  };
}

/** Keeps others from writing into them, until the connection unlocks them. */
export async function lockForReading(link: Link, tables: readonly DataTable[], lockMs: number): Promise<void> {
  const { schema } = await link.books();
  const names = tables.map(({ name }) => `${quoteIdent(mariadb, schema, name)} READ`);
  await link.ask(`SET SESSION lock_wait_timeout = ${secondsOf(lockMs)}`, `LOCK TABLES ${names.join(', ')}`);
}

/** The server counts whole ones. */
function secondsOf(ms: number): number {
  return Math.max(1, Math.ceil(ms / 1_000));
}

/** Definitions as they are now, of what is looked into. */
export async function contentsOf(link: Link, tables: readonly DataTable[]): Promise<Contents> {
  const { schema } = await link.books();
  const sequences = (await objectsIn(link, schema)).filter(({ kind }) => kind === 'sequence');
  const texts = await textsOf(link, [
    ...tables.map(({ name }): SchemaObject => ({ kind: 'table', schema, name })),
    ...sequences,
  ]);
  const [collation] = await link.ask(
    `SELECT DEFAULT_COLLATION_NAME AS name FROM information_schema.SCHEMATA WHERE SCHEMA_NAME = ${literal(schema)}`,
  );
  return {
    schema,
    collation: valueOf(collation) ?? '',
    tables: tables.map((table, index) => ({ ...table, text: texts[index] ?? '' })),
    sequences: sequences.map(({ name }, index) => ({ name, text: texts[tables.length + index] ?? '' })),
    programs: await programsOf(link),
  };
}

/** The statement that makes each table or sequence. */
export async function textsOf(link: Link, objects: readonly SchemaObject[]): Promise<readonly string[]> {
  const texts: string[] = [];
  for (let at = 0; at < objects.length; at += TOGETHER) {
    const answers = await link.ask(...objects.slice(at, at + TOGETHER).map(showSql));
    texts.push(...answers.map(({ rows }) => rows[0]?.['Create Table'] ?? ''));
  }
  return texts;
}

async function countersOf(link: Link, { schema, tables, sequences }: Contents): Promise<Counters> {
  const texts = await textsOf(
    link,
    tables.map(({ name }): SchemaObject => ({ kind: 'table', schema, name })),
  );
  const increments = tables.flatMap(({ name }, index): Counters['increments'] => {
    const [, next] = /\n\) [^\n]*?\bAUTO_INCREMENT=(\d+)/.exec(texts[index] ?? '') ?? [];
    return next === undefined ? [] : [[name, next]];
  });
  const states: [string, (string | null)[]][] = [];
  for (const { name } of sequences) {
    const [answer] = await link.ask(`SELECT * FROM ${quoteIdent(mariadb, schema, name)}`);
    states.push([name, Object.values(answer?.rows[0] ?? {})]);
  }
  return { increments, sequences: states };
}
