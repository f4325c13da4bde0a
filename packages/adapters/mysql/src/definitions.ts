import { mariadb, quoteIdent } from '@detent/sql';
import { translate } from './errors.ts';
import type { Link } from './link.ts';
import { literal } from './literal.ts';
import { Refused, valueOf, type Answer, type TextRow } from './wire.ts';

const OBJECT_KINDS = [
  'table',
  'view',
  'sequence',
  'procedure',
  'function',
  'package',
  'package body',
  'trigger',
  'event',
  'database',
] as const;

export type ObjectKind = (typeof OBJECT_KINDS)[number];

export function isObjectKind(value: unknown): value is ObjectKind {
  return OBJECT_KINDS.some((kind) => kind === value);
}

export interface SchemaObject {
  readonly kind: ObjectKind;
  readonly schema: string;
  readonly name: string;
}

/** So many questions go in one message. */
const TOGETHER = 64;

/** What a session may have set that shows in the server's answers. */
const SHOWING: Readonly<Record<string, string>> = {
  sql_mode: "''",
  sql_quote_show_create: '1',
  character_set_results: 'utf8mb4',
  time_zone: "'+00:00'",
};

const NAMES = Object.keys(SHOWING);
/** Under these the server always says the same of the same schema. */
const PLAIN = [
  `SET ${NAMES.map((name) => `@detent_${name} = @@session.${name}`).join(', ')}`,
  `SET ${NAMES.map((name) => `SESSION ${name} = ${SHOWING[name] ?? ''}`).join(', ')}`,
];
const AS_BEFORE = `SET ${NAMES.map((name) => `SESSION ${name} = @detent_${name}`).join(', ')}`;

/** Runs `look` with the settings under which the server always says the same of the same schema. */
export async function plainly<T>(link: Link, look: () => Promise<T>): Promise<T> {
  if (link.isPlain) return look();
  await link.ask(...PLAIN);
  try {
    return await look();
  } finally {
    if (link.wire.isOpen) await link.ask(AS_BEFORE);
  }
}

/** What a statement names. */
export interface NamedObject extends Omit<SchemaObject, 'schema'> {
  /** `null`: the database that is chosen. */
  readonly schema: string | null;
}

/** The same as `plainly` and `definitionsOf` in one message where all are there, with the names of their schemas. */
export async function lookAt(
  link: Link,
  named: readonly NamedObject[],
): Promise<{ readonly objects: readonly SchemaObject[]; readonly definitions: readonly (string | null)[] }> {
  const inFull = (answer: Answer | undefined): readonly SchemaObject[] => {
    const current = valueOf(answer) ?? '';
    return named.map((object) => ({ ...object, schema: object.schema ?? current }));
  };
  if (link.isPlain) {
    const objects = named.map((object) => ({ ...object, schema: object.schema ?? link.chosen }));
    return { objects, definitions: await definitionsOf(link, objects) };
  }
  try {
    const [chosen, ...answers] = (
      await link.wire.run(...PLAIN, 'SELECT DATABASE()', ...named.map(lookSql), AS_BEFORE)
    ).slice(PLAIN.length);
    const objects = inFull(chosen);
    return { objects, definitions: objects.map((object, index) => canonical(object, answers[index]?.rows[0])) };
  } catch (error) {
    const reached = error instanceof Refused && error.failure.kind !== 'lost' ? error.answers.length : 0;
    if (!(error instanceof Refused) || reached <= PLAIN.length) throw translate(error, link.target);
    await link.ask(AS_BEFORE);
    const objects = inFull(error.answers[PLAIN.length]);
    const definition = named.length === 1 ? definitionFor(error.failure.code) : undefined;
    if (definition !== undefined) return { objects, definitions: [definition] };
    return { objects, definitions: await plainly(link, () => definitionsOf(link, objects)) };
  }
}

/** Everything in a schema that has a definition. */
export async function objectsIn(link: Link, schema: string): Promise<readonly SchemaObject[]> {
  const place = literal(schema);
  const [answer] = await link.ask(
    `SELECT TABLE_TYPE AS type, TABLE_NAME AS name FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${place} ` +
      `UNION ALL SELECT ROUTINE_TYPE, ROUTINE_NAME FROM information_schema.ROUTINES WHERE ROUTINE_SCHEMA = ${place} ` +
      `UNION ALL SELECT 'TRIGGER', TRIGGER_NAME FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = ${place} ` +
      `UNION ALL SELECT 'EVENT', EVENT_NAME FROM information_schema.EVENTS WHERE EVENT_SCHEMA = ${place}`,
  );
  return (answer?.rows ?? []).flatMap(({ type, name }) => {
    const kind = KINDS[type ?? ''];
    return kind === undefined ? [] : [{ kind, schema, name: name ?? '' }];
  });
}

/** As the server calls them; what is temporary is not of the schema. */
const KINDS: Readonly<Record<string, ObjectKind>> = {
  'BASE TABLE': 'table',
  'SYSTEM VERSIONED': 'table',
  VIEW: 'view',
  SEQUENCE: 'sequence',
  PROCEDURE: 'procedure',
  FUNCTION: 'function',
  PACKAGE: 'package',
  'PACKAGE BODY': 'package body',
  TRIGGER: 'trigger',
  EVENT: 'event',
};

/** The definition of each in the server's own words, in one form; `null` where there is no such thing. */
export async function definitionsOf(link: Link, objects: readonly SchemaObject[]): Promise<readonly (string | null)[]> {
  const found: (string | null)[] = [];
  for (let from = 0; from < objects.length; from += TOGETHER) {
    const part = objects.slice(from, from + TOGETHER);
    found.push(...(await definitionsTogether(link, part)));
  }
  return found;
}

async function definitionsTogether(link: Link, objects: readonly SchemaObject[]): Promise<readonly (string | null)[]> {
  try {
    const answers = await link.wire.run(...objects.map(lookSql));
    return objects.map((object, index) => canonical(object, answers[index]?.rows[0]));
  } catch (error) {
    if (!(error instanceof Refused) || error.failure.kind === 'lost') throw translate(error, link.target);
    const [object] = objects;
    if (object !== undefined && objects.length === 1) {
      const definition = definitionFor(error.failure.code);
      if (definition === undefined) throw translate(error, link.target);
      return [definition];
    }
    // One of them is gone or may not be seen: each by itself.
    const found: (string | null)[] = [];
    for (const each of objects) found.push(...(await definitionsTogether(link, [each])));
    return found;
  }
}

/** No such table, routine, trigger, event, database, sequence. */
const MISSING = new Set(['1146', '1305', '1360', '1539', '1049', '4091', '1347']);
const DENIED = new Set(['1044', '1142', '1143', '1227', '1345', '1356', '1370']);

/** What an error says of a definition; `undefined` where it says nothing. What may not be looked at says so, always in the same way. */
function definitionFor(code: string): string | null | undefined {
  if (MISSING.has(code)) return null;
  return DENIED.has(code) ? `denied ${code}` : undefined;
}

/** What one of them came to; `undefined` where that says nothing. */
export function definitionFrom(
  object: SchemaObject,
  answer: Answer | undefined,
  refused: Refused | null,
): string | null | undefined {
  return answer === undefined && refused !== null
    ? definitionFor(refused.failure.code)
    : canonical(object, answer?.rows[0]);
}

export function lookSql({ kind, schema, name }: NamedObject): string {
  const inFull = schema === null || kind === 'database' ? [name] : [schema, name];
  return `SHOW CREATE ${kind.toUpperCase()} ${quoteIdent(mariadb, ...inFull)}`;
}

/** When something was made is no part of what it is. */
const PASSING = new Set(['Created']);

function canonical({ kind, schema }: SchemaObject, row: TextRow | undefined): string | null {
  if (row === undefined) return null;
  const qualifier = `${quoteIdent(mariadb, schema)}.`;
  const texts = Object.entries(row).flatMap(([column, value]) =>
    PASSING.has(column) || value === null ? [] : [value.replaceAll(qualifier, '')],
  );
  const text = texts.join('\n');
  switch (kind) {
    case 'table':
      return canonicalTable(text);
    case 'event':
      // Without one it starts when it is made.
      return text.replace(/ STARTS '[^']*'/, '');
    case 'view':
    case 'sequence':
    case 'procedure':
    case 'function':
    case 'package':
    case 'package body':
    case 'trigger':
    case 'database':
      return text;
  }
}

/** Columns keep their order; keys and constraints come in the order in which they were made, which is no part of a schema. */
function canonicalTable(text: string): string {
  const lines = text.split('\n').map((line) => line.replace(/,$/, ''));
  const isKey = (line: string): boolean => /^ {2}(?!`)/.test(line);
  const keys = lines.filter(isKey).sort();
  const rest = lines.filter((line) => !isKey(line));
  return [...rest, ...keys].join('\n').replace(/^(\) ENGINE=.*?) AUTO_INCREMENT=\d+/m, '$1');
}
