import { mariadb, readStatement, type StatementReader } from '@detent/sql';
import type { NamedObject, ObjectKind } from './definitions.ts';

/** What shows that a statement ran, by its words. */
export type Touched =
  | {
      readonly kind: 'objects';
      readonly objects: readonly NamedObject[];
      /** None of them is there afterwards. */
      readonly gone: boolean;
    }
  /** Running it twice does what running it once does. */
  | { readonly kind: 'idempotent' }
  /** Nothing does: no definition changes, or they only change places. */
  | { readonly kind: 'unseen' };

const IDEMPOTENT: Touched = { kind: 'idempotent' };
const UNSEEN: Touched = { kind: 'unseen' };

/** These set or clear something that is set or clear when they run again, or only look after it. */
const REPEATABLE = new Set(
  `TRUNCATE ANALYZE OPTIMIZE REPAIR CHECK CACHE FLUSH RESET GRANT CHANGE START STOP PURGE LOAD SET
   LOCK UNLOCK BEGIN COMMIT ROLLBACK`.split(/\s+/),
);

/** What a statement of MySQL or MariaDB creates, changes or drops. */
export function touchedBy(text: string): Touched {
  const reader = readStatement(text, mariadb);
  switch (reader.at(0)) {
    case 'CREATE':
      return reader.at(1) === 'OR' && reader.at(2) === 'REPLACE' ? IDEMPOTENT : made(reader, false);
    case 'DROP':
      return reader.at(1) === 'PREPARE' ? IDEMPOTENT : made(reader, true);
    case 'ALTER':
      return altered(reader);
    case 'RENAME':
      return renamed(reader);
    default:
      return REPEATABLE.has(reader.at(0)) ? IDEMPOTENT : UNSEEN;
  }
}

const KINDS: Readonly<Record<string, ObjectKind>> = {
  TABLE: 'table',
  TABLES: 'table',
  VIEW: 'view',
  SEQUENCE: 'sequence',
  PROCEDURE: 'procedure',
  FUNCTION: 'function',
  PACKAGE: 'package',
  TRIGGER: 'trigger',
  EVENT: 'event',
  DATABASE: 'database',
  SCHEMA: 'database',
};
/** They have no definition that anybody may look at. */
const HIDDEN = new Set('USER ROLE SERVER TABLESPACE LOGFILE SPATIAL_REFERENCE RESOURCE UNDO'.split(' '));

function made(reader: StatementReader, gone: boolean): Touched {
  let at = 1;
  // Behind DEFINER = … and the like.
  while (reader.at(at) !== '' && !isKind(reader.at(at))) {
    if (HIDDEN.has(reader.at(at))) return hasGuard(reader, at + 1) ? IDEMPOTENT : UNSEEN;
    at += 1;
  }
  const word = reader.at(at);
  const isBody = word === 'PACKAGE' && reader.at(at + 1) === 'BODY';
  const kind = isBody ? 'package body' : KINDS[word];
  at += isBody ? 2 : 1;
  if (hasGuard(reader, at)) return IDEMPOTENT;
  if (word === 'INDEX') return ofIndex(reader, gone);
  // A function in a library of its own.
  if (kind === undefined || reader.some((token) => token === 'SONAME')) return UNSEEN;
  const objects = namesFrom(reader, at, gone ? ',' : null).map((name) => ({ kind, ...name }));
  return objects.length === 0 ? UNSEEN : { kind: 'objects', objects, gone };
}

function isKind(word: string): boolean {
  return word === 'INDEX' || word in KINDS;
}

function hasGuard(reader: StatementReader, at: number): boolean {
  return reader.at(at) === 'IF' && (reader.at(at + 1) === 'EXISTS' || reader.at(at + 1) === 'NOT');
}

/** An index shows in its table. */
function ofIndex(reader: StatementReader, gone: boolean): Touched {
  let at = 1;
  while (reader.at(at) !== 'ON') {
    if (reader.at(at) === '') return UNSEEN;
    at += 1;
  }
  const objects = namesFrom(reader, at + 1, null).map((name) => ({ kind: 'table' as const, ...name }));
  return objects.length === 0 || (gone && objects.length > 1) ? UNSEEN : { kind: 'objects', objects, gone: false };
}

const UNSHOWN = new Set(['EXCHANGE', 'DISCARD', 'IMPORT']);

function altered(reader: StatementReader): Touched {
  let at = 1;
  while (reader.at(at) !== '' && !(reader.at(at) in KINDS)) {
    if (HIDDEN.has(reader.at(at))) return reader.at(at) === 'USER' ? IDEMPOTENT : UNSEEN;
    at += 1;
  }
  const kind = KINDS[reader.at(at)];
  if (kind === undefined) return UNSEEN;
  // It has few properties, and each is set to a value.
  if (kind === 'database') return IDEMPOTENT;
  if (kind === 'table' && reader.some((token) => UNSHOWN.has(token))) return UNSEEN;
  const start = reader.at(at + 1) === 'IF' ? at + 3 : at + 1;
  const objects = namesFrom(reader, start, null).map((name) => ({ kind, ...name }));
  return objects.length === 0 ? UNSEEN : { kind: 'objects', objects, gone: false };
}

/** Where names go round in a circle the definitions may look the same afterwards. */
function renamed(reader: StatementReader): Touched {
  if (reader.at(1) !== 'TABLE' && reader.at(1) !== 'TABLES') return UNSEEN;
  const start = reader.at(2) === 'IF' ? 4 : 2;
  const names = namesFrom(reader, start, 'TO');
  const spelled = names.map(({ schema, name }) => `${schema ?? ''}.${name}`.toLowerCase());
  if (new Set(spelled).size < spelled.length) return UNSEEN;
  return { kind: 'objects', objects: names.map((name) => ({ kind: 'table', ...name })), gone: false };
}

/** One name; or, with `joint`, all that follow one another with it or a comma between them. */
function namesFrom(
  reader: StatementReader,
  from: number,
  joint: string | null,
): readonly { readonly schema: string | null; readonly name: string }[] {
  const names: { schema: string | null; name: string }[] = [];
  let at = from;
  for (;;) {
    const first = nameAt(reader, at);
    if (first === null) return [];
    const isQualified = reader.at(at + 1) === '.';
    const second = isQualified ? nameAt(reader, at + 2) : null;
    if (isQualified && second === null) return [];
    names.push(second === null ? { schema: null, name: first } : { schema: first, name: second });
    at += isQualified ? 3 : 1;
    // A lock may be waited for in a way of its own, between a table and its new name.
    if (joint === 'TO' && (reader.at(at) === 'WAIT' || reader.at(at) === 'NOWAIT'))
      at += reader.at(at) === 'WAIT' ? 2 : 1;
    if (joint === null || (reader.at(at) !== joint && reader.at(at) !== ',')) return names;
    at += 1;
  }
}

function nameAt(reader: StatementReader, at: number): string | null {
  const text = reader.textAt(at);
  if (text.startsWith('`')) return text.slice(1, -1).replaceAll('``', '`');
  return /^[\p{L}\p{N}_$]+$/u.test(text) ? text : null;
}
