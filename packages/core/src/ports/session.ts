import type { Capabilities } from './adapter.ts';
import type { BackupDriver } from './backup.ts';
import type { HistoryStore } from './history.ts';
import type { MigrationLock } from './lock.ts';
import type { Statement } from './script.ts';
import type { SqlTag } from './handler.ts';

/** One open connection. The session that holds the lock does the work and writes the history. */
export interface MigrationSession<Db = unknown> {
  /** What migrations get as their first argument. */
  readonly db: Db;
  readonly capabilities: Capabilities;
  readonly server: ServerInfo;
  readonly history: HistoryStore;
  readonly lock: MigrationLock;
  readonly backup: BackupDriver;
  /** Statements with bound values for code migrations; throws `CONFIG` where the database has no such language. */
  readonly sql: SqlTag;
  readonly batches: BatchReader;

  /**
   * Runs `work` in one transaction and commits it. When `work` or the commit throws, everything is rolled back and
   * the error is thrown on; `TRANSACTION_ENDED` when the work ended the transaction by itself, so that part of it stands.
   */
  transaction<T>(scope: TransactionScope, work: () => Promise<T>): Promise<T>;
  /**
   * Runs statements in order, inside a transaction in as few round trips as the database allows. Throws
   * `STATEMENT_FAILED` with the server's words and the place in the file; statements after that one did not run.
   */
  execute(
    statements: readonly Statement[],
    file: string,
    progress?: StatementProgress,
  ): Promise<readonly StatementResult[]>;
  /** Sets limits for what runs from here to the next `reset`, as far as the database knows such limits. */
  limit(limits: StatementLimits): Promise<void>;
  /** Puts back whatever settings a migration may have changed. Outside a transaction. */
  reset(): Promise<void>;
  /** Hash of the live schema without Detent's own tables. Two equal schemas give equal hashes, whatever their history. */
  fingerprint(): Promise<string>;
  /**
   * Whether the schema is as it was when `fingerprint()` gave this, before a statement that no transaction takes back and
   * that was cut short; what such a statement leaves half-done counts as not done. Outside a transaction.
   */
  isStill(fingerprint: string): Promise<boolean>;
  close(): Promise<void>;
}

export interface TransactionScope {
  /** What will run, where that is known; `null` for code. */
  readonly statements: readonly Statement[] | null;
  /** False: rows are not checked against foreign keys until the end; undefined: as fits the statements. */
  readonly foreignKeys?: boolean | undefined;
}

/** `null`: as configured. 0: none. */
export interface StatementLimits {
  readonly lockMs: number | null;
  readonly statementMs: number | null;
}

export interface StatementResult {
  /** Rows changed; `null` when the statement does not say. */
  readonly rows: number | null;
}

export interface StatementProgress {
  /** Called when a statement is done; once more for those that a transaction runs again after a lock was not free. */
  readonly done: (index: number, result: StatementResult) => void;
  /** Stops before the next statement, or cancels the one that runs where its transaction takes it back. */
  readonly signal: AbortSignal;
}

export interface ServerInfo {
  /** As people call it: `SQLite`, `PostgreSQL`. */
  readonly product: string;
  readonly version: string;
  /** Facts for `doctor`, in the order they are shown. */
  readonly facts: readonly ServerFact[];
}

export interface ServerFact {
  readonly name: string;
  readonly value: string;
  readonly level: 'ok' | 'warn' | 'error';
  readonly hint?: string;
}

/** Reads a table in the order of its key, for `forEachBatch`. */
export interface BatchReader {
  count(table: string): Promise<number>;
  /** Rows after the cursor, at most `size`; `cursor` is `null` when nothing is left. Cursors are plain JSON. */
  read(request: BatchRequest): Promise<{ rows: readonly Record<string, unknown>[]; cursor: unknown }>;
}

export interface BatchRequest {
  readonly table: string;
  readonly size: number;
  readonly after: unknown;
}
