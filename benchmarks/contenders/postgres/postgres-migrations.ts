// Reads and hashes every file, as Detent does.
import { Client } from 'pg';
import { migrate as applyAll } from 'postgres-migrations';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const client = new Client({ connectionString: database });
  await client.connect();
  const applied = await applyAll({ client }, folder);
  await client.end();
  // Number 0 makes its own table.
  return applied.filter(({ id }) => id > 0).length;
}
