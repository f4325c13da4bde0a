import {
  defineConfig as defineAnyConfig,
  defineMigration as defineAnyMigration,
  type DatabaseAdapter,
  type DetentConfig,
  type Migration,
} from '@detent/core';
import { createAdapter } from './adapter.ts';
import type { MysqlConnection } from './driver.ts';
import type { ConnectionOfUser, MysqlOptions, PoolOptions, UrlOptions } from './options.ts';

export type { MysqlConnection, MysqlPool } from './driver.ts';
export type { BackupMethod } from './method.ts';
export type { ConnectionOfUser, ConnectionSettings, MysqlOptions, PoolOptions, UrlOptions } from './options.ts';
export type { TlsMode } from './url.ts';

/**
 * MySQL or MariaDB by a URL, or by a user's own pool or connection of mysql2. Connects to nothing until Detent does.
 * Throws `CONFIG` for options that are not right.
 */
export function mysql<Connection extends object>(options: ConnectionOfUser<Connection>): DatabaseAdapter<Connection>;
export function mysql<Connection extends object = MysqlConnection>(options: PoolOptions): DatabaseAdapter<Connection>;
export function mysql(options: UrlOptions): DatabaseAdapter<MysqlConnection>;
export function mysql(options: MysqlOptions): DatabaseAdapter<never> {
  return createAdapter<never>(options);
}

/** A migration whose `db` is a connection of mysql2/promise, unless told. */
export function defineMigration<Db = MysqlConnection>(migration: Migration<Db>): Migration<Db> {
  return defineAnyMigration(migration);
}

/** The configuration of a project on MySQL or MariaDB. */
export function defineConfig<Db = MysqlConnection>(config: DetentConfig<Db>): DetentConfig<Db> {
  return defineAnyConfig(config);
}
