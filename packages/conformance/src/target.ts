import type { DatabaseAdapter, ErrorCode, Options } from '@detent/core';

/**
 * What an adapter's test gives to the kit. It stands in a module of its own that exports it as `target` and needs no
 * test runner, because the processes that the kit starts and kills import it too.
 */
export interface ConformanceTarget<Db = unknown> {
  /** As the adapter's own. */
  readonly name: string;
  /** Address of that module: its `import.meta.url`. */
  readonly module: string;
  adapter(url: string): DatabaseAdapter<Db>;
  /** A place for a database that is empty, or not there yet. */
  createDatabase(): Promise<TestDatabase>;
  readonly language: Language<Db>;
  /** What this database cannot do. Each is a test: it must be refused in the documented way. */
  readonly gaps: readonly Gap[];
  /** What it lacks as a whole; absent where it lacks nothing. */
  readonly limits?: Limits;
  /** How many databases are worked with at once, 2 unless told: 1 where what is done to one shows in the next. */
  readonly databasesAtOnce?: number;
}

/** Each with its reason as one sentence, which the adapter must know of too. */
export interface Limits {
  /** Why there are no backups, in the words of the adapter's capabilities. */
  readonly backups?: string;
  /** Why a run cannot be one transaction, in the same words. */
  readonly together?: string;
  /** Why no second process can open the database while one has it. */
  readonly processes?: string;
}

/** One database, seen without Detent. */
export interface TestDatabase {
  readonly url: string;
  /** Runs commands of `Language` one after another. Creates the database when it is not there. */
  query(...commands: readonly string[]): Promise<void>;
  /**
   * Hash over schema and rows of everything but the tables that the history keeps. It must not depend on the way on
   * which the database came to be what it is, nor on code of Detent. A database that is not there equals an empty one.
   */
  digest(): Promise<string>;
  /** Hash over the history's tables, whatever their columns; `null` when none of them is there. */
  bookkeeping(): Promise<string | null>;
  drop(): Promise<void>;
}

/** The few commands that the kit needs, in the words of the database. */
export interface Language<Db = unknown> {
  /** Ending of script files, with the dot; `null` where migrations are code only. */
  readonly extension: string | null;
  /** A table with a whole-numbered key `id` and a text `name`. */
  createTable(table: string): string;
  dropTable(table: string): string;
  /** A text that may be missing. */
  addColumn(table: string, column: string): string;
  dropColumn(table: string, column: string): string;
  insert(table: string, id: number, name: string): string;
  /** No error when there is no such row. */
  remove(table: string, id: number): string;
  /** Parses, and is refused when it runs. */
  readonly refused: string;
  /** Changes nothing and cannot run in a transaction; `null` when there is no such command. */
  readonly alone: string | null;
  /** Ends the transaction that is open; `null` when there is no such command. */
  readonly commit: string | null;
  /** Schema and rows of every kind whose edges a backup may lose. */
  readonly fidelity: readonly string[];
  /** Tables that look like a history and are not Detent's, each as commands. */
  readonly foreignHistories: Readonly<Record<string, readonly string[]>>;
  /** Commands that spoil a history of Detent's, by what is wrong with it afterwards. */
  readonly damages: readonly Damage[];
  /** URLs that are not this adapter's, or are not right. */
  readonly badUrls: Readonly<Record<string, BadUrl>>;
  /** Scripts that do not parse, with the code that they get. */
  readonly badScripts: Readonly<Record<string, BadScript>>;
  run(db: Db, command: string): Promise<void> | void;
}

export interface Damage {
  readonly name: string;
  readonly commands: readonly string[];
  readonly code: ErrorCode;
}

/** `prepare`: gives the URL, after making what is wrong with it in the folder. */
export interface BadUrl {
  readonly code: ErrorCode;
  prepare(folder: string): string;
}

export interface BadScript {
  readonly text: string | Uint8Array;
  readonly code: ErrorCode;
}

export interface Gap {
  /** Such as `backup of :memory:`. */
  readonly name: string;
  readonly why: string;
  readonly url: string;
  /** What asks for it. */
  readonly options: Omit<Partial<Options>, 'adapter' | 'migrations'>;
  readonly refused: ErrorCode;
}
