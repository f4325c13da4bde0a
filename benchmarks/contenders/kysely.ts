// Kysely runs migrations of SQLite without a transaction and records each by itself: `up` brings its own here.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import Database from 'better-sqlite3';
import { Kysely, SqliteDialect } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import type { SqliteJob } from '../job.ts';
import { contend } from './contend.ts';

await contend({ migrate });

async function migrate({ folder, database: path, journalMode, sync }: SqliteJob): Promise<number> {
  const database = new Database(path);
  database.pragma(`journal_mode = ${journalMode}`);
  database.pragma(`synchronous = ${sync === 'each' ? 'FULL' : 'NORMAL'}`);
  const db = new Kysely<unknown>({ dialect: new SqliteDialect({ database }) });
  const migrator = new Migrator({ db, provider: { getMigrations: async () => migrationsIn(folder, database) } });
  const { error, results = [] } = await migrator.migrateToLatest();
  await db.destroy();
  if (error !== undefined) throw new Error('Kysely stopped.', { cause: error });
  return results.length;
}

function migrationsIn(folder: string, database: Database.Database): Record<string, Migration> {
  const apply = (file: string): void => {
    database.exec('BEGIN');
    database.exec(readFileSync(join(folder, file), 'utf8'));
    database.exec('COMMIT');
  };
  const files = readdirSync(folder).toSorted();
  return Object.fromEntries(files.map((file): [string, Migration] => [file, { up: async () => apply(file) }]));
}
