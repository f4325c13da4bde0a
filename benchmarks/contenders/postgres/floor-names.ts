// The least that a start can do: which names are there, and which of them are applied. It reads no file.
import { readdirSync } from 'node:fs';
import { Client } from 'pg';
import { contend } from '../contend.ts';
import type { Job } from '../../job.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const client = new Client({ connectionString: database });
  await client.connect();
  const { rows } = await client.query<{ version: string }>('SELECT version FROM history');
  await client.end();
  const applied = new Set(rows.map(({ version }) => version));
  return readdirSync(folder).filter((file) => !applied.has(file.slice(1, file.indexOf('_')))).length;
}
