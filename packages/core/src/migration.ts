import type { Direction } from './events.ts';
import type { DatabaseMigrationHandler } from './ports/handler.ts';

/**
 * What a code migration exports: by name, as the default export, or by `module.exports`.
 * What `up` returns is kept in the history as its result.
 */
export interface Migration<Db = unknown> extends MigrationOptions {
  readonly up: MigrationFunction<Db> | readonly MigrationStage<Db>[];
  readonly down?: MigrationFunction<Db> | readonly MigrationStage<Db>[];
}

// A method, so that a migration for one class of database is a migration for any.
type Method<Db> = { run(db: Db, info: MigrationInfo, handler: DatabaseMigrationHandler<Db>): unknown };
export type MigrationFunction<Db = unknown> = Method<Db>['run'];

/**
 * A part of a migration with progress of its own, for databases on which no transaction holds the whole together: a run
 * that dies goes on at the stage in which it died.
 */
export interface MigrationStage<Db = unknown> {
  /** Unique in its list; what is done is known by it. */
  readonly name: string;
  /**
   * `schema`: one change of the schema, outside of transactions where the database has none for it; whether it was made is
   * seen from the schema. `data`: in one transaction with its record. `batches`: calls of `forEachBatch` and nothing beside
   * them, which go on where they stood.
   */
  readonly kind: 'schema' | 'data' | 'batches';
  /** Running it twice does what running it once does. */
  readonly idempotent?: boolean;
  readonly run: MigrationFunction<Db>;
}

/** What a code migration says of itself. Absent means: as configured. */
export interface MigrationOptions {
  readonly transaction?: 'each' | 'none';
  /** False: rows are not checked against foreign keys until the end. */
  readonly foreignKeys?: boolean;
  /** Running it twice does what running it once does. */
  readonly idempotent?: boolean;
}

/** The second argument of `up` and `down`. */
export interface MigrationInfo {
  /** Without version, direction and extension: `create_users`. */
  readonly name: string;
  /** As written in the file's name, so never a number; `null` for a repeatable one. */
  readonly version: string | null;
  /** The same as `version`. */
  readonly timestamp: string | null;
  readonly filepath: string;
  readonly runId: string;
  readonly direction: Direction;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly username: string;
}

/** Gives the migration back as it is; there for its types. */
export function defineMigration<Db = unknown>(migration: Migration<Db>): Migration<Db> {
  return migration;
}
