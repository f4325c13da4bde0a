// Drizzle reads and hashes every file, and applies all that is pending in one transaction; it knows no other way.
import { createRequire } from 'node:module';
import type * as Drizzle from 'drizzle-orm/mysql2';
import type * as Migrator from 'drizzle-orm/mysql2/migrator';
import { createConnection } from 'mysql2/promise';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

// Its other form is a thousand modules, which take half a second to load.
const require = createRequire(import.meta.url);
const { drizzle } = require('drizzle-orm/mysql2') as typeof Drizzle;
const { migrate: applyAll } = require('drizzle-orm/mysql2/migrator') as typeof Migrator;

await contend({ migrate });

/** It does not say what it did. */
async function migrate({ folder, database }: Job): Promise<null> {
  const client = await createConnection(database);
  await applyAll(drizzle(client), { migrationsFolder: folder });
  await client.end();
  return null;
}
