import { createHash } from 'node:crypto';
import { historyStatements, mariadb, quoteIdent, type HistoryStatements } from '@detent/sql';

/** Detent's own tables: their names, the statements that work on them, and the name of their lock. */
export interface Bookkeeping {
  readonly schema: string;
  readonly history: HistoryStatements;
  /** The names that are no part of the user's schema. */
  readonly own: readonly string[];
  /** One for the whole server, and at most 64 characters. */
  readonly lockName: string;
  /** Before the tables, where somebody chose a database that may not be there. */
  readonly createSchema: string;
}

/** Always qualified: a migration may USE another database. `folds`: the server compares names of tables in lower case. */
export function bookkeeping(table: string, schema: string, folds: boolean): Bookkeeping {
  const history = historyStatements(mariadb, { table, schema });
  const identity = JSON.stringify([schema, table]);
  const digest = createHash('sha1')
    .update(folds ? identity.toLowerCase() : identity)
    .digest('hex');
  return {
    schema,
    history,
    own: Object.values(history.tableNames),
    lockName: `detent:${digest}`,
    createSchema: `CREATE DATABASE IF NOT EXISTS ${quoteIdent(mariadb, schema)} CHARACTER SET utf8mb4`,
  };
}

/** Milliseconds since 1970 on the server's clock, whatever the session's time zone. */
export const NOW = "TIMESTAMPDIFF(MICROSECOND, '1970-01-01', UTC_TIMESTAMP(3)) DIV 1000";
