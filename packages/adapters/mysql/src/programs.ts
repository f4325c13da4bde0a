import { mariadb, quoteIdent } from '@detent/sql';
import { objectsIn, type ObjectKind, type SchemaObject } from './definitions.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import type { TextRow } from './wire.ts';

/** Everything with a definition that is no table: made again after the tables, in its own circumstances. */
export interface Program {
  readonly kind: ProgramKind;
  readonly name: string;
  /** `null`: this user may not see it. */
  readonly text: string | null;
  /** The session's when it was made; `null` where the kind does not keep it. */
  readonly sqlMode: string | null;
  readonly client: string | null;
  readonly connection: string | null;
  readonly database: string | null;
  readonly timeZone: string | null;
  /** The table of a trigger. */
  readonly table: string | null;
}

export type ProgramKind = Exclude<ObjectKind, 'table' | 'sequence' | 'database'>;

/** As one needs the other. */
const ORDER: readonly ProgramKind[] = ['function', 'procedure', 'package', 'package body', 'view', 'trigger', 'event'];

/** So many questions go in one message. */
export const TOGETHER = 64;

/** In the order in which they can be made; triggers in that in which they fire. Views may still need one another. */
export async function programsOf(link: Link): Promise<readonly Program[]> {
  const { schema, own } = await link.books();
  const { foldsNames } = await link.greeting();
  const fold = (name: string): string => (foldsNames ? name.toLowerCase() : name);
  const mine = new Set(own.map(fold));
  const [triggers] = await link.ask(
    'SELECT TRIGGER_NAME AS name, EVENT_OBJECT_TABLE AS tab FROM information_schema.TRIGGERS ' +
      `WHERE TRIGGER_SCHEMA = ${literal(schema)} ORDER BY EVENT_OBJECT_TABLE, EVENT_MANIPULATION, ACTION_TIMING, ACTION_ORDER`,
  );
  const tables = new Map((triggers?.rows ?? []).map(({ name, tab }) => [name ?? '', tab ?? '']));
  const turns = [...tables.keys()];
  const found = (await objectsIn(link, schema)).filter(isProgram);
  const objects = found
    .filter(({ kind, name }) => kind !== 'trigger' || !mine.has(fold(tables.get(name) ?? '')))
    .toSorted(
      (a, b) =>
        ORDER.indexOf(a.kind) - ORDER.indexOf(b.kind) ||
        turns.indexOf(a.name) - turns.indexOf(b.name) ||
        (a.name < b.name ? -1 : 1),
    );
  const programs: Program[] = [];
  for (let at = 0; at < objects.length; at += TOGETHER) {
    const part = objects.slice(at, at + TOGETHER);
    const answers = await link.ask(...part.map(showSql));
    part.forEach((object, index) =>
      programs.push(programOf(object, answers[index]?.rows[0] ?? {}, tables.get(object.name) ?? null)),
    );
  }
  return programs;
}

type ProgramObject = SchemaObject & { readonly kind: ProgramKind };

function isProgram(object: SchemaObject): object is ProgramObject {
  return ORDER.some((kind) => kind === object.kind);
}

export function showSql({ kind, schema, name }: SchemaObject): string {
  return `SHOW CREATE ${kind.toUpperCase()} ${quoteIdent(mariadb, schema, name)}`;
}

function programOf({ kind, name }: ProgramObject, row: TextRow, table: string | null): Program {
  const text = kind === 'trigger' ? row['SQL Original Statement'] : row[`Create ${titled(kind)}`];
  return {
    kind,
    name,
    text: text ?? null,
    sqlMode: row['sql_mode'] ?? null,
    client: row['character_set_client'] ?? null,
    connection: row['collation_connection'] ?? null,
    database: row['Database Collation'] ?? null,
    timeZone: row['time_zone'] ?? null,
    table: kind === 'trigger' ? table : null,
  };
}

/** `Package Body`: as the server writes it. */
function titled(kind: ProgramKind): string {
  return kind.replaceAll(/\b[a-z]/g, (letter) => letter.toUpperCase());
}

export function dropSql(schema: string, { kind, name }: Program): string {
  return `DROP ${kind.toUpperCase()} IF EXISTS ${quoteIdent(mariadb, schema, name)}`;
}

export function isSame(a: Program, b: Program): boolean {
  return JSON.stringify(a) === JSON.stringify(b);
}

/** Whether the text means the same bytes in whatever character set it was written, or is UTF-8. */
export function isSendable({ text, client }: Program): boolean {
  return (client ?? 'utf8mb4').startsWith('utf8') || isPlain(text ?? '');
}

// eslint-disable-next-line no-control-regex -- that is what ASCII is
const isPlain = (text: string): boolean => /^[\x00-\x7f]*$/.test(text);

/** The settings under which it is made, and the statement, each in a message of its own. */
export function makeSql(program: Program): readonly [settings: string, statement: string] {
  const { text, sqlMode, client, connection, timeZone } = program;
  if (text === null) throw new Error(`this user may not see the ${program.kind} ${program.name}`);
  const settings = {
    sql_mode: literal(sqlMode ?? ''),
    time_zone: literal(timeZone ?? '+00:00'),
    character_set_client: client ?? 'utf8mb4',
    ...(connection === null ? {} : { collation_connection: connection }),
  };
  const assignments = Object.entries(settings).map(([name, value]) => `SESSION ${name} = ${value}`);
  // MariaDB alone lets a statement be put together as a value; elsewhere such a text was refused beforehand.
  const statement = isSendable(program)
    ? text
    : `EXECUTE IMMEDIATE CONVERT(_utf8mb4 X'${Buffer.from(text, 'utf8').toString('hex')}' USING ${client ?? 'utf8mb4'})`;
  return [`SET ${assignments.join(', ')}`, statement];
}
