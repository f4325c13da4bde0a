import type { Leaving, StatementKind } from '@detent/core';
import type { Dialect } from './dialect.ts';
import { nameOf, type StatementReader } from './statement-reader.ts';

const SETTING: Leaving = { kind: 'setting' };

/** What a statement leaves in the connection beyond schema and rows; `null` when nothing. */
export function leavesBehind(reader: StatementReader, dialect: Dialect, kind: StatementKind): Leaving | null {
  const first = reader.at(0);
  if (first === 'CREATE') return temporary(reader);
  switch (dialect.name) {
    case 'postgres':
      return leftInPostgres(reader);
    case 'mysql':
    case 'mariadb':
      return leftInMysql(reader);
    case 'sqlite':
      return kind === 'session' && ['PRAGMA', 'ATTACH', 'DETACH'].includes(first) ? SETTING : null;
  }
}

const TEMPORARY = new Set(['TEMP', 'TEMPORARY']);
const BEFORE_NAME = new Set(['IF', 'NOT', 'EXISTS', 'RECURSIVE']);

/** A temporary table, view or sequence. */
function temporary(reader: StatementReader): Leaving | null {
  let at = 1;
  if (reader.at(at) === 'OR') at += 2;
  if (['GLOBAL', 'LOCAL'].includes(reader.at(at))) at += 1;
  if (!TEMPORARY.has(reader.at(at))) return null;
  at += 1;
  while (KINDS.has(reader.at(at)) || BEFORE_NAME.has(reader.at(at))) at += 1;
  const name = reader.at(at + 1) === '.' ? reader.at(at + 2) : reader.at(at);
  return { kind: 'value', name: nameOf(name) };
}

const KINDS = new Set(['TABLE', 'VIEW', 'SEQUENCE', 'TRIGGER', 'UNIQUE', 'INDEX']);

function leftInPostgres(reader: StatementReader): Leaving | null {
  switch (reader.at(0)) {
    case 'SET':
      return ['LOCAL', 'TRANSACTION', 'CONSTRAINTS'].includes(reader.at(1)) ? null : SETTING;
    case 'RESET':
    case 'DISCARD':
    case 'DEALLOCATE':
      return SETTING;
    case 'PREPARE':
      return reader.at(1) === 'TRANSACTION' ? null : SETTING;
    case 'SELECT':
      // As pg_dump writes it.
      return reader.at(1) === 'SET_CONFIG' || (reader.at(2) === '.' && reader.at(3) === 'SET_CONFIG') ? SETTING : null;
    default:
      return null;
  }
}

function leftInMysql(reader: StatementReader): Leaving | null {
  switch (reader.at(0)) {
    case 'SET':
      return setInMysql(reader);
    case 'USE':
    case 'PREPARE':
    case 'DEALLOCATE':
    case 'LOCK':
    case 'UNLOCK':
      return SETTING;
    case 'SELECT':
      return variableBehind(reader, 'INTO');
    default:
      return null;
  }
}

const BEYOND_SESSION = new Set([
  'GLOBAL',
  'PERSIST',
  'PERSIST_ONLY',
  'PASSWORD',
  'TRANSACTION',
  'STATEMENT',
  'DEFAULT',
  'ROLE',
]);

/** A variable that a query or a function gave its value may come out otherwise when it is set again. */
function setInMysql(reader: StatementReader): Leaving | null {
  const computed = reader.someAnywhere((token) => token === '(');
  const variable = reader.at(1) === '@' && reader.at(2) !== '@' ? reader.at(2) : null;
  if (computed && variable !== null) return { kind: 'value', name: `@${nameOf(variable)}` };
  return BEYOND_SESSION.has(reader.at(1)) ? null : SETTING;
}

function variableBehind(reader: StatementReader, word: string): Leaving | null {
  let before = '';
  let found: string | null = null;
  reader.some((token, previous) => {
    if (previous === '@' && before === word) found = token;
    before = previous;
    return found !== null;
  });
  return found === null ? null : { kind: 'value', name: `@${nameOf(found)}` };
}
