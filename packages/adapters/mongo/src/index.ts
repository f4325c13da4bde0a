import {
  defineConfig as defineAnyConfig,
  defineMigration as defineAnyMigration,
  type DatabaseAdapter,
  type DetentConfig,
  type Migration,
} from '@detent/core';
import type { Db } from 'mongodb';
import { createAdapter } from './adapter.ts';
import type { MongoOptions } from './options.ts';

export type { ClientOptions, DbOptions, MongoOptions, TlsOptions, UrlOptions } from './options.ts';

/**
 * MongoDB by a URL, or by a user's own client or database of the driver. Connects to nothing until Detent does. Throws
 * `CONFIG` for options that are not right.
 */
export function mongo(options: MongoOptions): DatabaseAdapter<Db> {
  return createAdapter(options);
}

/** A migration whose `db` is a `Db` of the driver. */
export function defineMigration(migration: Migration<Db>): Migration<Db> {
  return defineAnyMigration(migration);
}

/** The configuration of a project on MongoDB. */
export function defineConfig(config: DetentConfig<Db>): DetentConfig<Db> {
  return defineAnyConfig(config);
}
