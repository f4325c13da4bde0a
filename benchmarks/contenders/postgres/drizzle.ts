// Drizzle reads and hashes every file, and applies all that is pending in one transaction; it knows no other way.
import { createRequire } from 'node:module';
import type * as Drizzle from 'drizzle-orm/node-postgres';
import type * as Migrator from 'drizzle-orm/node-postgres/migrator';
import { Client } from 'pg';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

// Its other form is a thousand modules, which take half a second to load.
const require = createRequire(import.meta.url);
const { drizzle } = require('drizzle-orm/node-postgres') as typeof Drizzle;
const { migrate: applyAll } = require('drizzle-orm/node-postgres/migrator') as typeof Migrator;

await contend({ migrate });

/** It does not say what it did. */
async function migrate({ folder, database }: Job): Promise<null> {
  const client = new Client({ connectionString: database });
  await client.connect();
  await applyAll(drizzle(client), { migrationsFolder: folder });
  await client.end();
  return null;
}
