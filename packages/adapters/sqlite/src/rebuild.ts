import type { Connection } from './driver.ts';

/** What hangs on tables and goes when a table is dropped and made again. */
export interface Belongings {
  /** `index "i" of table "t"`, by its kind and name. */
  readonly objects: ReadonlyMap<string, { readonly table: string; readonly words: string }>;
  /** The highest AUTOINCREMENT value ever given out, by table. */
  readonly sequences: ReadonlyMap<string, number>;
}

export function belongings(connection: Connection): Belongings {
  const objects = new Map<string, { table: string; words: string }>();
  for (const { type, name, tbl_name: table } of connection.all(DEPENDENTS)) {
    objects.set(`${String(type)} ${String(name)}`, {
      table: String(table),
      words: `${String(type)} "${String(name)}"`,
    });
  }
  const sequences = new Map<string, number>();
  if (connection.get(HAS_SEQUENCES) !== undefined) {
    for (const { name, seq } of connection.all(SEQUENCES)) sequences.set(String(name), Number(seq));
  }
  return { objects, sequences };
}

/**
 * What a rebuild forgot, one sentence each: indexes and triggers of tables that are still there, unless a statement
 * dropped them by name, and AUTOINCREMENT counters that went back, so that old numbers would be given out again.
 */
export function lostInRebuild(
  connection: Connection,
  before: Belongings,
  statements: readonly string[],
): readonly string[] {
  const after = belongings(connection);
  const tables = new Set(connection.all(TABLES).map(({ name }) => String(name)));
  const script = statements.join(';').toLowerCase();
  const lost: string[] = [];
  for (const [id, { table, words }] of before.objects) {
    const name = id.slice(id.indexOf(' ') + 1).toLowerCase();
    const meant = script.includes(`drop ${id.slice(0, id.indexOf(' '))}`) && script.includes(name);
    if (!after.objects.has(id) && tables.has(table) && !meant) {
      lost.push(`The rebuild of "${table}" lost its ${words}; make it again in the migration.`);
    }
  }
  for (const [table, sequence] of before.sequences) {
    const now = after.sequences.get(table) ?? 0;
    if (tables.has(table) && now < sequence) {
      lost.push(
        `The rebuild of "${table}" set its AUTOINCREMENT counter back from ${sequence} to ${now}; copy its row in sqlite_sequence.`,
      );
    }
  }
  return lost;
}

const DEPENDENTS =
  "SELECT type, name, tbl_name FROM main.sqlite_schema WHERE type IN ('index', 'trigger') AND sql IS NOT NULL";
const TABLES = "SELECT name FROM main.sqlite_schema WHERE type = 'table'";
const HAS_SEQUENCES = "SELECT 1 FROM main.sqlite_schema WHERE name = 'sqlite_sequence'";
const SEQUENCES = 'SELECT name, seq FROM main.sqlite_sequence';
