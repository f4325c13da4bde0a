import type { Effect } from '@detent/core';
import { classOf, QUOTE, WORD } from './characters.ts';
import type { Dialect } from './dialect.ts';
import { nameOf, type StatementReader, type Token } from './statement-reader.ts';

/** What a statement makes, takes away or alters, as far as its first words tell; `null` where they do not. */
export function effectOf(reader: StatementReader, dialect: Dialect): Effect | null {
  switch (reader.at(0)) {
    case 'CREATE':
      return createdOrDropped(reader, dialect, 'makes');
    case 'DROP':
      return createdOrDropped(reader, dialect, 'takes away');
    case 'ALTER':
      return reader.at(1) === 'TABLE' ? altered(reader) : null;
    case 'RENAME':
      return renamed(reader);
    case 'INSERT':
    case 'REPLACE':
      return rowsOf(reader, 'makes', ['INTO', 'IGNORE', 'OR']);
    case 'DELETE':
      return rowsOf(reader, 'takes away', ['FROM', 'IGNORE', 'QUICK', 'LOW_PRIORITY', 'ONLY']);
    case 'UPDATE':
      return updated(reader);
    case 'VACUUM':
    case 'ANALYZE':
    case 'OPTIMIZE':
    case 'REPAIR':
    case 'REINDEX':
      return { change: 'alters', on: [] };
    default:
      return null;
  }
}

const KINDS = new Set(
  'TABLE VIEW INDEX SEQUENCE PROCEDURE FUNCTION TRIGGER EVENT TYPE DOMAIN SCHEMA DATABASE EXTENSION'.split(' '),
);
const GUARDS = new Set(['IF', 'NOT', 'EXISTS', 'CONCURRENTLY']);
/** So far from the beginning the kind of what is made is looked for. */
const HEAD = 14;

function createdOrDropped(reader: StatementReader, dialect: Dialect, change: Effect['change']): Effect | null {
  let at = 1;
  while (at < HEAD && !KINDS.has(reader.at(at))) {
    if (['TEMP', 'TEMPORARY', ''].includes(reader.at(at))) return null;
    at += 1;
  }
  const kind = reader.at(at).toLowerCase();
  const name = nameAt(reader, skip(reader, at + 1, GUARDS));
  if (at >= HEAD || name === null || reader.at(name.next) === ',') return null;
  const own = `${kind} ${name.text}`;
  const isOfTable = kind === 'index' && (dialect.name === 'mysql' || dialect.name === 'mariadb');
  if (!isOfTable) return { change, on: [own] };
  const table = nameAt(reader, skip(reader, name.next, new Set(['ON', 'USING', 'BTREE', 'HASH'])));
  return table === null ? null : { change, on: [`table ${table.text}`, name.text] };
}

const VERBS: Readonly<Record<string, Effect['change']>> = {
  ADD: 'makes',
  DROP: 'takes away',
  MODIFY: 'alters',
  CHANGE: 'alters',
  ALTER: 'alters',
  RENAME: 'alters',
};
const PARTS = new Set(
  'COLUMN INDEX KEY CONSTRAINT UNIQUE FULLTEXT SPATIAL CHECK FOREIGN IF NOT EXISTS TO AS'.split(' '),
);

/** All actions of one ALTER TABLE must go in one direction. */
function altered(reader: StatementReader): Effect | null {
  const tokens: Token[] = [];
  reader.some((token) => {
    tokens.push(token);
    return false;
  });
  const at = (index: number): Token => tokens[index] ?? '';
  const table = nameAt({ at }, skip({ at }, 2, new Set(['IF', 'EXISTS', 'ONLY'])));
  if (table === null) return null;
  const names: string[] = [];
  const changes = new Set<Effect['change']>();
  for (let start = table.next; start < tokens.length; start = behindComma(tokens, start)) {
    const change = VERBS[at(start)];
    const part = nameAt({ at }, skip({ at }, start + 1, PARTS));
    if (change === undefined || part === null) return null;
    changes.add(change);
    const renamesTable = at(start) === 'RENAME' && (at(start + 1) === 'TO' || at(start + 1) === 'AS');
    if (renamesTable) return { change, on: [`table ${[table.text, part.text].toSorted().join(' or ')}`] };
    const other = otherName(at, start, part.next);
    names.push(other === null ? part.text : [part.text, other].toSorted().join(' or '));
  }
  const [change] = changes;
  if (change === undefined || changes.size > 1) return null;
  return { change, on: [`table ${table.text}`, names.toSorted().join(', ')] };
}

function behindComma(tokens: readonly Token[], from: number): number {
  const found = tokens.indexOf(',', from);
  return found === -1 ? tokens.length : found + 1;
}

/** `CHANGE a b …` and `RENAME COLUMN a TO b` are undone with the names the other way round. */
function otherName(at: (index: number) => Token, start: number, next: number): string | null {
  if (at(start) === 'CHANGE') return nameAt({ at }, next)?.text ?? null;
  if (at(start) === 'RENAME' && at(next) === 'TO') return nameAt({ at }, next + 1)?.text ?? null;
  return null;
}

function renamed(reader: StatementReader): Effect | null {
  if (reader.at(1) !== 'TABLE') return null;
  const from = nameAt(reader, 2);
  const to = from === null || reader.at(from.next) !== 'TO' ? null : nameAt(reader, from.next + 1);
  if (from === null || to === null || reader.at(to.next) !== '') return null;
  return { change: 'alters', on: [`table ${[from.text, to.text].toSorted().join(' or ')}`] };
}

function rowsOf(reader: StatementReader, change: Effect['change'], between: readonly string[]): Effect | null {
  const table = nameAt(reader, skip(reader, 1, new Set(between)));
  return table === null ? null : { change, on: [`table ${table.text}`, 'rows'] };
}

function updated(reader: StatementReader): Effect | null {
  const table = nameAt(reader, skip(reader, 1, new Set(['IGNORE', 'ONLY', 'LOW_PRIORITY'])));
  if (table === null || reader.at(table.next) !== 'SET') return null;
  const columns: string[] = [];
  reader.some((token, previous) => {
    if (previous === 'SET' || (previous === ',' && columns.length > 0)) columns.push(nameOf(token));
    return token === 'WHERE';
  });
  return { change: 'alters', on: [`table ${table.text}`, columns.toSorted().join(', '), 'rows'] };
}

type At = Pick<StatementReader, 'at'>;

function skip(reader: At, from: number, words: ReadonlySet<string>): number {
  let at = from;
  while (words.has(reader.at(at))) at += 1;
  return at;
}

/** A name with what qualifies it, and the place behind it; `null` where there is none. */
function nameAt(reader: At, from: number): { readonly text: string; readonly next: number } | null {
  const first = reader.at(from);
  const kind = classOf(first.charCodeAt(0));
  if (kind !== WORD && (kind !== QUOTE || first.startsWith("'"))) return null;
  let text = nameOf(first);
  let at = from + 1;
  while (reader.at(at) === '.') {
    text += `.${nameOf(reader.at(at + 1))}`;
    at += 2;
  }
  return { text, next: at };
}
