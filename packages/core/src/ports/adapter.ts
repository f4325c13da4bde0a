import type { Logger } from './logger.ts';
import type { ParsedScript, ScriptText } from './script.ts';
import type { MigrationSession } from './session.ts';

/** A kind of database and where it is. Made by a factory such as `sqlite({ url })`; opens nothing until asked. */
export interface DatabaseAdapter<Db = unknown> {
  /** Lower case, as in its package's name. */
  readonly name: string;
  /** Where it points, fit for people: no password, no query string. */
  readonly target: string;
  /** The file endings that `parse` reads, with the dot; empty where migrations are code only. */
  readonly scriptExtensions: readonly string[];
  /** How long a statement may wait for a lock in the database unless somebody says. */
  readonly lockTimeoutMs: number;
  /** The same adapter with the same options on another database. Throws `CONFIG` for a URL that is not its own. */
  at(url: string): DatabaseAdapter<Db>;
  /** Reads a script; a promise where the parser is loaded first. Throws `SCRIPT_SYNTAX` with line and column. Pure. */
  parse(script: ScriptText): ParsedScript | Promise<ParsedScript>;
  /**
   * Makes an empty database of that name beside this one, like it in encoding and order. Absent where there can be none.
   * Throws `CONFIG` when it is there already.
   */
  createDatabase?(name: string, options: CreateOptions): Promise<CreatedDatabase<Db>>;
  /** Connects. Creates nothing: a database that is not there is made by the first write. Throws `CONNECTION`. */
  open(options: OpenOptions): Promise<MigrationSession<Db>>;
}

export interface CreateOptions {
  readonly connectTimeoutMs: number;
  readonly signal?: AbortSignal;
  /** It is to get this one's name later. Throws `BACKUP_UNFIT` where something stands in the way of that. */
  readonly swap?: boolean;
}

export interface CreatedDatabase<Db> {
  readonly adapter: DatabaseAdapter<Db>;
  /** Exchanges the names of the two, or changes nothing; nobody may be connected to either. Throws `RESTORE_FAILED`. */
  swap(): Promise<void>;
  /** Takes it away again, with whatever is in it. */
  drop(): Promise<void>;
}

export interface OpenOptions {
  /** Where the history lives; `schema` is `null` for the database's default. */
  readonly table: string;
  readonly schema: string | null;
  /** The session will only look; a database that cannot be written to is no error. */
  readonly readOnly: boolean;
  /** False: no run of this session goes back by a backup, so that nobody asks what it wrote to. True unless told. */
  readonly mayRestore?: boolean;
  readonly connectTimeoutMs: number;
  /** How long a statement may wait for a lock in the database before it fails. 0: as the server has it. */
  readonly lockTimeoutMs: number;
  /** How long a statement may run. 0: no limit. */
  readonly statementTimeoutMs: number;
  readonly logger: Logger;
  readonly signal?: AbortSignal;
}

/** What a connection can do. Found out when it opens; a gap is declared here, never discovered half-way. */
export interface Capabilities {
  /** A rolled-back transaction undoes schema changes too. */
  readonly transactionalDdl: boolean;
  /** There are transactions at all. */
  readonly transactions: boolean;
  /** A backup can be made and restored; otherwise why not, as one sentence. */
  readonly backup: true | string;
  /** What runs outside of a transaction is safe from other runs too; otherwise what to do, as one sentence. */
  readonly alone: true | string;
  /** A run can be one transaction; otherwise why not, as one sentence. */
  readonly together: true | string;
  /** Each transaction begins with what `Lease.assert` does, so that what was written just before needs no other. */
  readonly fencesTransactions?: boolean;
  /** A running statement can be cancelled from outside. */
  readonly cancel: boolean;
}
