import type { Effect, Leaving, StatementKind } from '@detent/core';
import { findDestruction, type Destruction } from './destroys.ts';
import type { Dialect } from './dialect.ts';
import { effectOf } from './effect.ts';
import { leavesBehind } from './leaves.ts';
import { pragmaName, readStatement, type StatementReader, type Token } from './statement-reader.ts';
import { isTransactional } from './transactional.ts';

export interface StatementClass {
  readonly kind: StatementKind;
  /** False where the server refuses the statement inside a transaction, ends the transaction by it, or ignores it there. */
  readonly transactional: boolean;
  readonly destroys: Destruction | null;
  readonly leaves: Leaving | null;
  readonly effect: Effect | null;
}

/** What a statement does, as far as its words tell; what a function or a `DO` block does inside is not known. */
export function classify(text: string, dialect: Dialect): StatementClass {
  return classifyTokens(readStatement(text, dialect), dialect);
}

export function classifyTokens(reader: StatementReader, dialect: Dialect): StatementClass {
  const kind = kindOf(reader, dialect);
  const leaves = leavesBehind(reader, dialect, kind);
  switch (kind) {
    case 'query':
    case 'transaction':
      return { kind, transactional: true, destroys: null, leaves, effect: null };
    case 'ddl':
    case 'data':
    case 'session':
      return {
        kind,
        transactional: isTransactional(reader, dialect),
        destroys: findDestruction(reader, dialect),
        leaves,
        effect: effectOf(reader, dialect),
      };
  }
}

/**
 * Whether SQLite would carry child rows along: a table is dropped or renamed, or foreign keys are switched off, which
 * does nothing inside a transaction.
 */
export function rebuildsTable(statement: { readonly text: string }, dialect: Dialect): boolean {
  const reader = readStatement(statement.text, dialect);
  switch (reader.at(0)) {
    case 'DROP':
      return reader.at(1) === 'TABLE';
    case 'ALTER':
      return reader.some((token, previous) => token === 'TO' && previous === 'RENAME');
    case 'PRAGMA':
      return pragmaName(reader) === 'FOREIGN_KEYS' && SWITCHED_OFF.has(pragmaValue(reader));
    default:
      return false;
  }
}

const SWITCHED_OFF = new Set(['OFF', 'NO', 'FALSE', '0', "'"]);

function pragmaValue(reader: StatementReader): Token {
  const behind = reader.at(2) === '.' ? 4 : 2;
  return reader.at(behind) === '=' || reader.at(behind) === '(' ? reader.at(behind + 1) : '';
}

function kindOf(reader: StatementReader, dialect: Dialect): StatementKind {
  const first = reader.at(0);
  switch (first) {
    case '(':
    case 'SELECT':
      return dialect.name === 'postgres' && reader.some((token) => token === 'INTO') ? 'ddl' : 'query';
    case 'WITH':
      return changesRows(reader) ? 'data' : 'query';
    case 'EXPLAIN':
      return dialect.name === 'postgres' && (reader.at(1) === 'ANALYZE' || reader.at(2) === 'ANALYZE')
        ? 'data'
        : 'query';
    case 'START':
      return reader.at(1) === 'TRANSACTION' ? 'transaction' : 'session';
    case 'PREPARE':
      return reader.at(1) === 'TRANSACTION' ? 'transaction' : 'session';
    case 'BEGIN':
      return reader.at(1) === 'NOT' ? 'data' : 'transaction';
    case 'ROLLBACK':
      return reader.at(1) === 'TO' || reader.at(2) === 'TO' ? 'session' : 'transaction';
    case 'SET':
      return setsAutocommit(reader) ? 'transaction' : 'session';
    case 'PRAGMA':
      return kindOfPragma(reader);
    case 'LOAD':
      return dialect.name === 'postgres' ? 'session' : 'data';
    default:
      return KINDS.get(first) ?? 'data';
  }
}

const KINDS: ReadonlyMap<string, StatementKind> = new Map(
  Object.entries({
    ddl: `CREATE ALTER DROP TRUNCATE COMMENT GRANT REVOKE RENAME REINDEX CLUSTER REFRESH SECURITY REASSIGN VACUUM ANALYZE
      OPTIMIZE REPAIR INSTALL UNINSTALL IMPORT`,
    query: 'VALUES TABLE SHOW DESCRIBE DESC HELP CHECKSUM CHECK',
    session: `RESET DISCARD USE LISTEN UNLISTEN NOTIFY DECLARE FETCH CLOSE MOVE DEALLOCATE LOCK UNLOCK ATTACH DETACH
      FLUSH KILL SAVEPOINT RELEASE CHECKPOINT STOP CHANGE PURGE CACHE BINLOG`,
    transaction: 'COMMIT END ABORT XA',
  }).flatMap(([kind, words]) => words.split(/\s+/).map((word) => [word, kind as StatementKind])),
);

const CHANGES = new Set(['INSERT', 'UPDATE', 'DELETE', 'MERGE', 'REPLACE']);

/** In a `WITH`: at its end, or in PostgreSQL in one of its parts. `FOR UPDATE` locks rows only. */
function changesRows(reader: StatementReader): boolean {
  return reader.someAnywhere(
    (token, previous) => CHANGES.has(token) && previous !== 'FOR' && previous !== ',' && previous !== '.',
  );
}

function setsAutocommit(reader: StatementReader): boolean {
  for (let index = 1; index < 6; index += 1) {
    const token = reader.at(index);
    if (token === 'AUTOCOMMIT') return true;
    if (token === '=' || token === '') return false;
  }
  return false;
}

/** Stored in the database file, and rolled back with it. */
const STORED_PRAGMAS = new Set(['USER_VERSION', 'APPLICATION_ID']);
const ASKING_PRAGMAS = /(_INFO|_XINFO|_LIST|_CHECK|_COUNT|_OPTIONS|^DATA_VERSION|^SCHEMA_VERSION)$/;

function kindOfPragma(reader: StatementReader): StatementKind {
  const name = pragmaName(reader);
  if (pragmaValue(reader) === '' ? !ACTING_PRAGMAS.has(name) : ASKING_PRAGMAS.test(name)) return 'query';
  return STORED_PRAGMAS.has(name) ? 'data' : 'session';
}

const ACTING_PRAGMAS = new Set(['WAL_CHECKPOINT', 'OPTIMIZE', 'INCREMENTAL_VACUUM', 'SHRINK_MEMORY']);
