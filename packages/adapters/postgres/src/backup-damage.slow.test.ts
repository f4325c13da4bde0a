import { fileURLToPath } from 'node:url';
import { describeDamage } from '@detent/tests/backup-damage';
import { createAdapter } from './adapter.ts';
import type { PgClient } from './driver.ts';
import { playground } from './fixtures/playground.ts';

describeDamage({
  open: playground,
  adapter: ({ database }) => createAdapter<PgClient>({ url: database.url }),
  tables: [
    'CREATE TABLE users (id bigserial PRIMARY KEY, name text NOT NULL)',
    "INSERT INTO users (name) SELECT 'user ' || g FROM generate_series(1, 2000) g",
    "SELECT lo_from_bytea(70001, convert_to(repeat('large', 2000), 'UTF8'))",
  ],
  filling: [
    'CREATE TABLE filling (a text)',
    'INSERT INTO filling SELECT repeat(md5(g::text), 32) FROM generate_series(1, 3000) g',
  ],
  findMade: "SELECT 1 AS found FROM pg_class WHERE oid = to_regclass('made')",
  limited: ({ database }) => [fileURLToPath(new URL('./fixtures/limited.ts', import.meta.url)), database.url],
  rounds: 20,
});
