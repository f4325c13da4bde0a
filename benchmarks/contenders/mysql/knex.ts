// One transaction around all is what Knex does unless each migration says that it has its own.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import knex, { type Knex } from 'knex';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const db = knex({ client: 'mysql2', connection: database });
  const migrationSource: Knex.MigrationSource<string> = {
    getMigrations: async () => readdirSync(folder).toSorted(),
    getMigrationName: (file) => file,
    getMigration: async (file) => ({
      config: { transaction: true },
      up: (trx) => trx.raw(readFileSync(join(folder, file), 'utf8')),
      down: async () => undefined,
    }),
  };
  const [, applied] = (await db.migrate.latest({ migrationSource, disableTransactions: true })) as [number, string[]];
  await db.destroy();
  return applied.length;
}
