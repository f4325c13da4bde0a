// Drizzle reads and hashes every file, and applies all that is pending in one transaction; it knows no other way.
import { drizzle } from 'drizzle-orm/node-postgres';
import { migrate as applyAll } from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

/** It does not say what it did. */
async function migrate({ folder, database }: Job): Promise<null> {
  const client = new Client({ connectionString: database });
  await client.connect();
  await applyAll(drizzle(client), { migrationsFolder: folder });
  await client.end();
  return null;
}
