// TypeORM takes classes, ordered by the 13 digits at the end of their names.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DataSource, type MigrationInterface, type QueryRunner } from 'typeorm';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

const FIRST_TIMESTAMP = 1_700_000_000_000;

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const source = new DataSource({
    type: 'mysql',
    url: database,
    migrationsTableName: 'history',
    migrationsTransactionMode: 'each',
    migrations: readdirSync(folder)
      .toSorted()
      .map((file, index) => migrationClass(join(folder, file), index)),
  });
  await source.initialize();
  const applied = await source.runMigrations();
  await source.destroy();
  return applied.length;
}

function migrationClass(file: string, index: number): new () => MigrationInterface {
  return class {
    readonly name = `Migration${FIRST_TIMESTAMP + index}`;
    async up(runner: QueryRunner): Promise<void> {
      await runner.query(readFileSync(file, 'utf8'));
    }
    async down(): Promise<void> {}
  };
}
