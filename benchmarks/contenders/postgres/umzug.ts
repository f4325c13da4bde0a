// Umzug brings no storage for plain `pg`: this one is a table. It calls storage after `up`, so outside its transaction.
import { readFileSync } from 'node:fs';
import { Client } from 'pg';
import { Umzug } from 'umzug';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const client = new Client({ connectionString: database });
  await client.connect();
  await client.query('CREATE TABLE IF NOT EXISTS history (name TEXT PRIMARY KEY)');
  const umzug = new Umzug({
    migrations: {
      glob: ['*.sql', { cwd: folder }],
      resolve: ({ name, path: file = '' }) => ({ name, up: () => applyFile(client, file) }),
    },
    storage: {
      async executed() {
        const { rows } = await client.query<{ name: string }>('SELECT name FROM history ORDER BY name');
        return rows.map(({ name }) => name);
      },
      logMigration: async ({ name }) => void (await client.query('INSERT INTO history VALUES ($1)', [name])),
      unlogMigration: async ({ name }) => void (await client.query('DELETE FROM history WHERE name = $1', [name])),
    },
    logger: undefined,
  });
  const applied = await umzug.up();
  await client.end();
  return applied.length;
}

async function applyFile(client: Client, file: string): Promise<void> {
  await client.query('BEGIN');
  await client.query(readFileSync(file, 'utf8'));
  await client.query('COMMIT');
}
