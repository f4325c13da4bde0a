import { createHash } from 'node:crypto';
import { historyStatements, postgres, quoteIdent, type HistoryStatements } from '@detent/sql';

/** Detent's own tables: their names, the statements that work on them, and the key of their lock. */
export interface Bookkeeping {
  readonly schema: string;
  readonly history: HistoryStatements;
  /** The names that are no part of the user's schema. */
  readonly own: readonly string[];
  readonly key: LockKey;
  /** Before the tables, where somebody chose a schema that may not be there. */
  readonly createSchema: readonly string[];
}

/** Two numbers that name the advisory lock within its database. */
export interface LockKey {
  readonly space: number;
  readonly number: number;
}

/** Told apart from other programs' locks by the first number, from other histories' by the second. */
const SPACE = 0x44_74_6e_74;

/** Always qualified: a migration may change `search_path`. Throws `CONFIG` for an impossible name. */
export function bookkeeping(table: string, schema: string): Bookkeeping {
  const history = historyStatements(postgres, { table, schema });
  const digest = createHash('sha256')
    .update(JSON.stringify([schema, table]))
    .digest();
  return {
    schema,
    history,
    own: Object.values(history.tableNames),
    key: { space: SPACE, number: digest.readUInt32BE(0) >>> 1 },
    createSchema: [`CREATE SCHEMA IF NOT EXISTS ${quoteIdent(postgres, schema)}`],
  };
}

/** Milliseconds since 1970 on the database's clock. */
export const NOW = '(extract(epoch FROM clock_timestamp()) * 1000)::bigint';
