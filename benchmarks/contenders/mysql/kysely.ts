// One transaction around all is what Kysely does unless told; without it, it records each by itself after `up`.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Kysely, MysqlDialect, sql } from 'kysely';
import { Migrator, type Migration } from 'kysely/migration';
import { createPool } from 'mysql2';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const pool = createPool(database);
  const db = new Kysely<unknown>({ dialect: new MysqlDialect({ pool }) });
  const migrator = new Migrator({
    db,
    provider: { getMigrations: async () => migrationsIn(folder) },
    disableTransactions: true,
  });
  const { error, results = [] } = await migrator.migrateToLatest();
  await db.destroy();
  if (error !== undefined) throw new Error('Kysely stopped.', { cause: error });
  return results.length;
}

function migrationsIn(folder: string): Record<string, Migration> {
  const up = (file: string) => async (db: Kysely<unknown>) => {
    const text = readFileSync(join(folder, file), 'utf8');
    await db.transaction().execute((trx) => sql.raw(text).execute(trx));
  };
  const files = readdirSync(folder).toSorted();
  return Object.fromEntries(files.map((file): [string, Migration] => [file, { up: up(file) }]));
}
