import {
  defineConfig as defineAnyConfig,
  defineMigration as defineAnyMigration,
  type DatabaseAdapter,
  type DetentConfig,
  type Migration,
} from '@detent/core';
import { createAdapter } from './adapter.ts';
import type { PgClient, PgliteDatabase } from './driver.ts';
import type { ClientOptions, PgliteOptions, PoolOptions, PostgresOptions, UrlOptions } from './options.ts';

export type { PgClient, PgliteDatabase, PgPool } from './driver.ts';
export type { BackupMethod } from './method.ts';
export type {
  ClientOptions,
  ConnectionSettings,
  PgliteOptions,
  PoolOptions,
  PostgresOptions,
  UrlOptions,
} from './options.ts';
export type { SslMode } from './url.ts';

/**
 * PostgreSQL by a URL, by a user's own pool or client of `pg`, or in this process by PGlite. Connects to nothing until
 * Detent does. Throws `CONFIG` for options that are not right.
 */
export function postgres<Database extends PgliteDatabase>(options: PgliteOptions<Database>): DatabaseAdapter<Database>;
export function postgres<Client extends PgClient>(
  options: PoolOptions<Client> | ClientOptions<Client>,
): DatabaseAdapter<Client>;
export function postgres(options?: UrlOptions): DatabaseAdapter<PgClient>;
export function postgres(options: PostgresOptions = {}): DatabaseAdapter<never> {
  return createAdapter<never>(options);
}

/** A migration whose `db` is a client of `pg`, unless told: `defineMigration<PGlite>({ … })`. */
export function defineMigration<Db = PgClient>(migration: Migration<Db>): Migration<Db> {
  return defineAnyMigration(migration);
}

/** The configuration of a project on PostgreSQL. */
export function defineConfig<Db = PgClient>(config: DetentConfig<Db>): DetentConfig<Db> {
  return defineAnyConfig(config);
}
