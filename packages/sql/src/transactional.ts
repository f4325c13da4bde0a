import type { Dialect } from './dialect.ts';
import { pragmaName, type StatementReader } from './statement-reader.ts';

/** Whether the statement can share a transaction with others and be undone with it. */
export function isTransactional(reader: StatementReader, dialect: Dialect): boolean {
  switch (dialect.name) {
    case 'postgres':
      return !refusedByPostgres(reader);
    case 'mysql':
    case 'mariadb':
      return !commitsInMysql(reader);
    case 'sqlite':
      return !refusedBySqlite(reader);
  }
}

const OUTSIDE_IN_POSTGRES = new Set(['DATABASE', 'TABLESPACE', 'SUBSCRIPTION']);

function refusedByPostgres(reader: StatementReader): boolean {
  const [first, second] = [reader.at(0), reader.at(1)];
  switch (first) {
    case 'CREATE':
    case 'DROP':
      return OUTSIDE_IN_POSTGRES.has(second) || (INDEX.has(second) && hasWord(reader, 'CONCURRENTLY', 4));
    case 'ALTER':
      if (second === 'SYSTEM' || second === 'SUBSCRIPTION') return true;
      if (second === 'DATABASE') return reader.some((token, previous) => token === 'TABLESPACE' && previous === 'SET');
      return (
        second === 'TABLE' &&
        reader.some((token) => token === 'DETACH') &&
        reader.some((token) => token === 'CONCURRENTLY')
      );
    case 'REINDEX':
      return ['CONCURRENTLY', 'DATABASE', 'SYSTEM', 'SCHEMA'].some((word) => hasWord(reader, word, 8));
    case 'VACUUM':
      return true;
    case 'CLUSTER':
      return second === '' || (second === 'VERBOSE' && reader.at(2) === '');
    case 'DISCARD':
      return second === 'ALL';
    default:
      return false;
  }
}

const INDEX = new Set(['INDEX', 'UNIQUE']);

const COMMITTING_IN_MYSQL = new Set(
  `CREATE ALTER DROP TRUNCATE RENAME GRANT REVOKE ANALYZE OPTIMIZE REPAIR CHECK CACHE FLUSH RESET LOCK UNLOCK STOP START
   CHANGE INSTALL UNINSTALL IMPORT PURGE`.split(/\s+/),
);

/** MySQL and MariaDB commit what is open before and after these. */
function commitsInMysql(reader: StatementReader): boolean {
  const [first, second] = [reader.at(0), reader.at(1)];
  switch (first) {
    case 'CREATE':
    case 'DROP': {
      const temporary =
        hasWord(reader, 'TEMPORARY', 4) && (hasWord(reader, 'TABLE', 5) || hasWord(reader, 'SEQUENCE', 5));
      return !temporary;
    }
    case 'LOAD':
      return second === 'INDEX';
    case 'SET':
      return second === 'PASSWORD';
    default:
      return COMMITTING_IN_MYSQL.has(first);
  }
}

/** Refused inside a transaction, or without effect there. `foreign_keys` is not here: the adapter sets it before. */
const OUTSIDE_PRAGMAS = new Set([
  'JOURNAL_MODE',
  'SYNCHRONOUS',
  'WAL_CHECKPOINT',
  'PAGE_SIZE',
  'AUTO_VACUUM',
  'ENCODING',
]);

function refusedBySqlite(reader: StatementReader): boolean {
  switch (reader.at(0)) {
    case 'VACUUM':
    case 'DETACH':
      return true;
    case 'PRAGMA':
      return OUTSIDE_PRAGMAS.has(pragmaName(reader));
    default:
      return false;
  }
}

function hasWord(reader: StatementReader, word: string, within: number): boolean {
  for (let index = 1; index < within; index += 1) if (reader.at(index) === word) return true;
  return false;
}
