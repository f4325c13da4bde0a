import type { DatabaseSync } from 'node:sqlite';
import type { DatabaseAdapter } from '@detent/core';
import { createAdapter } from './adapter.ts';
import type { SqliteDatabase } from './driver.ts';
import type { DatabaseOptions, SqliteOptions, UrlOptions } from './options.ts';

export { defineConfig, defineMigration } from './define.ts';
export type { DriverName, SqliteDatabase, SqliteStatement } from './driver.ts';
export type { DatabaseOptions, SqliteOptions, UrlOptions } from './options.ts';
export type { JournalMode, Synchronous } from './url.ts';

/**
 * SQLite in a file or in memory, or a database that is open already. Opens nothing until Detent does. Throws `CONFIG`
 * for options that are not right.
 */
export function sqlite<Db extends SqliteDatabase>(options: DatabaseOptions<Db>): DatabaseAdapter<Db>;
export function sqlite(options: UrlOptions & { readonly driver: 'better-sqlite3' }): DatabaseAdapter<SqliteDatabase>;
export function sqlite(options: UrlOptions): DatabaseAdapter<DatabaseSync>;
export function sqlite(options: SqliteOptions): DatabaseAdapter<never> {
  return createAdapter<never>(options);
}
