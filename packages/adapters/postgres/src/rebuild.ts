import type { Bookkeeping } from './bookkeeping.ts';
import type { FoundSchema, Schema, SchemaObject } from './objects.ts';
import { ROWS } from './objects-order.ts';
import { literal } from './inline.ts';

/** What has a place of its own, in this order; the rest goes with what it stands on. */
const DROPPED: readonly string[] = [
  'materialized view',
  'view',
  'table',
  'sequence',
  'aggregate',
  'cast',
  'operator',
  'function',
  'configuration',
  'dictionary',
  'domain',
  'type',
  'collation',
];

/** The commands that take everything away that is not Detent's, the server's or an extension's that stays. */
export function dropAll(
  { schema, unfit }: FoundSchema,
  wanted: Schema,
  { schema: booksSchema }: Bookkeeping,
): readonly string[] {
  const extensions = new Set(namesOf(wanted, 'extension', ({ ddl }) => ddl.join()));
  const schemas = new Set(namesOf(wanted, 'schema', ({ label }) => label));
  const backwards = schema.objects.toReversed();
  const of = (...kinds: readonly string[]): readonly SchemaObject[] =>
    backwards.filter(({ kind }) => kinds.includes(kind));
  return [
    ...of('event trigger').map(drop),
    ...unfit.map(
      ({ type, identity }) => `DROP ${type.toUpperCase().replaceAll('-', ' ')} IF EXISTS ${identity} CASCADE`,
    ),
    ...DROPPED.flatMap((kind) => of(kind).map(drop)),
    ...(of('large object').length > 0
      ? ['SELECT count(pg_catalog.lo_unlink(oid)) FROM pg_catalog.pg_largeobject_metadata']
      : []),
    ...of('extension')
      .filter(({ ddl }) => !extensions.has(ddl.join()))
      .map(drop),
    ...of('schema')
      .filter(({ label }) => !schemas.has(label) && label !== schemaLabel(booksSchema))
      .map(drop),
  ];
}

/** The commands before the rows, and those after them. Schemas and extensions that stayed are not made. */
export function makeAll(
  { objects }: Schema,
  live: Schema,
): { readonly before: readonly string[]; readonly after: readonly string[] } {
  const rows = objects.findIndex(({ kind }) => kind === ROWS);
  const stays = (object: SchemaObject): string => `${object.kind} ${object.label} ${object.ddl.join()}`;
  const stayed = new Set(live.objects.filter(({ kind }) => kind === 'schema' || kind === 'extension').map(stays));
  const commands = (some: readonly SchemaObject[]): readonly string[] =>
    some.flatMap((object) => (stayed.has(stays(object)) ? [] : object.ddl));
  return { before: commands(objects.slice(0, rows)), after: commands(objects.slice(rows + 1)) };
}

/** What one schema has and the other has not, for people; `null` when they are equal. */
export function difference(live: Schema, wanted: Schema): string | null {
  const there = new Map(live.objects.map((object) => [`${object.kind} ${object.label}`, JSON.stringify(object)]));
  for (const object of wanted.objects) {
    const name = `${object.kind} ${object.label}`;
    if (there.get(name) !== JSON.stringify(object)) return object.label;
    there.delete(name);
  }
  const [more] = there.keys();
  if (more !== undefined) return more;
  const parts = ['granted', 'defaults', 'comments', 'database'] as const;
  return parts.find((part) => JSON.stringify(live[part]) !== JSON.stringify(wanted[part])) ?? null;
}

function drop({ label }: SchemaObject): string {
  return (
    label.replace(/^((?:MATERIALIZED|EVENT|TEXT SEARCH) \S+|\S+) /u, (kind) => `DROP ${kind}IF EXISTS `) + ' CASCADE'
  );
}

function namesOf({ objects }: Schema, kind: string, name: (object: SchemaObject) => string): readonly string[] {
  return objects.filter((object) => object.kind === kind).map(name);
}

function schemaLabel(schema: string): string {
  return `SCHEMA ${/^[a-z_][a-z0-9_]*$/.test(schema) ? schema : `"${schema.replaceAll('"', '""')}"`}`;
}

/** Several commands at a time, as messages of a size that the server reads in one go. */
export function* inMessages(commands: readonly string[]): Generator<readonly string[]> {
  let message: string[] = [];
  let size = 0;
  for (const command of commands) {
    message.push(command);
    size += command.length;
    if (size < 65_536 && message.length < 200) continue;
    yield message;
    message = [];
    size = 0;
  }
  if (message.length > 0) yield message;
}

export function setSequence([name, value, isCalled]: readonly [string, string, boolean]): string {
  return `SELECT pg_catalog.setval(${literal(name)}::regclass, ${value}, ${isCalled})`;
}
