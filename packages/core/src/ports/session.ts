import type { Capabilities } from './adapter.ts';
import type { BackupDriver } from './backup.ts';
import type { HistoryRow, HistoryStore, LedgerLine } from './history.ts';
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
  /**
   * Makes a migration ready to go out whole, with its record, so that this can be done while the one before still runs.
   * `null` where it cannot, or not yet; it goes by `transaction` and `execute` then.
   */
  readonly compose?: ((migration: WholeMigration) => Composed | null) | undefined;
  /** Sets limits for what runs from here to the next `reset`, as far as the database knows such limits. */
  limit(limits: StatementLimits): Promise<void>;
  /** Puts back whatever settings a migration may have changed. Outside a transaction. */
  reset(): Promise<void>;
  /**
   * Hash of the live schema without Detent's own tables, or of the part, or the rows, that a trace named. Two equal
   * schemas give equal hashes, whatever their history.
   */
  fingerprint(scope?: string | null): Promise<string>;
  /** How many of these statements, from the first, a transaction takes back with all that they do. They run next, in order. */
  covered(statements: readonly Statement[]): Promise<number>;
  /** How a later start can tell whether a statement ran that is about to, outside of any transaction. */
  trace(statement: Statement): Promise<Trace>;
  /** What another tool kept for its history; `null` where there is none, or none that can be taken over. */
  foreignHistory(): Promise<ForeignHistory | null>;
  close(): Promise<void>;
}

export interface ForeignHistory {
  /** Where it is, for people. */
  readonly name: string;
  /** What it says is applied, oldest first. */
  readonly applied: readonly { readonly file: string; readonly at: number }[];
}

export interface TransactionScope {
  /** What will run, where that is known; `null` for code. */
  readonly statements: readonly Statement[] | null;
  /** False: rows are not checked against foreign keys until the end; undefined: as fits the statements. */
  readonly foreignKeys?: boolean | undefined;
  /**
   * Nothing is asked between the statements and the commit, so a database may hold them back and send all at once. They
   * are done when the transaction is then: `done` is told as ever, and the transaction throws what they fail by.
   */
  readonly atOnce?: boolean;
  /**
   * Only the history is written, and the next start would find out by itself what is written: an adapter may hold it back
   * and commit it with whatever the session does next, before a statement that no transaction takes back, and before anything
   * is read from the history.
   */
  readonly canWait?: boolean | undefined;
  /** What runs after the commit with nothing in between, so that what has to be known of it may be asked along. */
  readonly next?: Statement | null | undefined;
}

/** Statements in one transaction of their own, and what the history says once they are done. */
export interface WholeMigration {
  readonly file: string;
  readonly statements: readonly Statement[];
  /** As in `TransactionScope`. */
  readonly foreignKeys: boolean | undefined;
  /** A row that is not there yet; its times are those at which the database begins with it and is done. */
  readonly row: HistoryRow;
  readonly line: Omit<LedgerLine, 'at'>;
}

/**
 * Sends it before anything is waited for. `behind`: only while the one before it, which was sent whole too, is not answered,
 * and it does nothing unless that one stands. Gives whether it is committed; where it is not, nothing of it stands, and it
 * has to go the longer way. Fails by what `transaction` and `execute` fail by, with nothing left too. `null`: it cannot go
 * now, and was not sent.
 */
export type Composed = (progress: StatementProgress, behind: boolean) => Promise<boolean> | null;

/** `null`: as configured. 0: none. */
export interface StatementLimits {
  readonly lockMs: number | null;
  readonly statementMs: number | null;
}

/** What a statement leaves by which it can be told that it ran. */
export type Trace =
  /** A part of the schema, or all of it where `scope` is `null`; `after`: how that looks then, where it is known before. */
  | {
      readonly kind: 'schema';
      readonly fingerprint: string;
      readonly scope: string | null;
      readonly after: string | null;
    }
  /** Rows that no transaction takes back; what else it does, a transaction does take back. Others may change them too. */
  | { readonly kind: 'rows'; readonly fingerprint: string; readonly scope: string }
  /** It does not matter: running it twice does what running it once does. */
  | { readonly kind: 'idempotent' }
  | { readonly kind: 'none' };

export interface StatementResult {
  /** Rows changed; `null` when the statement does not say. */
  readonly rows: number | null;
}

export interface StatementProgress {
  /** Called when a statement is done; once more for those that a transaction runs again after a lock was not free. */
  readonly done: (index: number, result: StatementResult) => void;
  /** Called now and then while a statement runs, where the database tells how far it is. `percent`: of the phase, if known. */
  readonly advanced?: (phase: string, percent: number | null) => void;
  /** As in `TransactionScope`. */
  readonly next?: Statement | null | undefined;
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
