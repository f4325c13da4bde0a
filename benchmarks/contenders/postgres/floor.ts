// What one would write by hand for exactly one task: four round trips for each migration, no lock, no recovery.
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { Client } from 'pg';
import { contend } from '../contend.ts';
import type { Job } from '../../job.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const client = new Client({ connectionString: database });
  await client.connect();
  const applied = await readHistory(client);
  const pending: { version: string; text: string; checksum: string }[] = [];
  for (const file of readdirSync(folder).toSorted()) {
    const bytes = readFileSync(join(folder, file));
    const checksum = hash('sha256', bytes);
    const version = file.slice(1, file.indexOf('_'));
    const known = applied?.get(version);
    if (known === undefined) pending.push({ version, text: bytes.toString(), checksum });
    else if (known !== checksum) throw new Error(`${file} was edited.`);
  }
  if (applied === null) {
    await client.query('CREATE TABLE history (version TEXT PRIMARY KEY, checksum TEXT, applied_at TIMESTAMPTZ)');
  }
  for (const { version, text, checksum } of pending) {
    await client.query('BEGIN');
    await client.query(text);
    await client.query('INSERT INTO history VALUES ($1, $2, now())', [version, checksum]);
    await client.query('COMMIT');
  }
  await client.end();
  return pending.length;
}

/** `null` where there is no table yet, which costs no round trip more where there is one. */
async function readHistory(client: Client): Promise<Map<string, string> | null> {
  try {
    const { rows } = await client.query<{ version: string; checksum: string }>('SELECT version, checksum FROM history');
    return new Map(rows.map(({ version, checksum }) => [version, checksum]));
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === '42P01') return null;
    throw error;
  }
}
