import type { DatabaseSync } from 'node:sqlite';
import {
  defineConfig as defineAnyConfig,
  defineMigration as defineAnyMigration,
  type DetentConfig,
  type Migration,
} from '@detent/core';

/** A migration whose `db` is Node's own SQLite database, unless told: `defineMigration<Database>({ … })`. */
export function defineMigration<Db = DatabaseSync>(migration: Migration<Db>): Migration<Db> {
  return defineAnyMigration(migration);
}

/** The configuration of a project on SQLite. */
export function defineConfig<Db = DatabaseSync>(config: DetentConfig<Db>): DetentConfig<Db> {
  return defineAnyConfig(config);
}
