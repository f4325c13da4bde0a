// Reads every file at every start.
import { runner } from 'node-pg-migrate';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const applied = await runner({
    databaseUrl: database,
    dir: folder,
    direction: 'up',
    migrationsTable: 'history',
    singleTransaction: false,
    log: () => undefined,
  });
  return applied.length;
}
