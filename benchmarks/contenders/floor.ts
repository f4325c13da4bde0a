// What one would write by hand for exactly one task: no lock, no recovery, no messages.
import { createReadStream, createWriteStream, readdirSync, readFileSync } from 'node:fs';
import { createHash, hash } from 'node:crypto';
import { enableCompileCache } from 'node:module';
import { join } from 'node:path';
import { pipeline } from 'node:stream/promises';
import { pathToFileURL } from 'node:url';
import { backup, DatabaseSync } from 'node:sqlite';
import type { Job } from '../job.ts';
import { contend } from './contend.ts';

await contend({ migrate, backup: copyOut, restore: copyBack, load });

function migrate({ folder, database: path, journalMode }: Job): number {
  const database = new DatabaseSync(path);
  const applied = readHistory(database);
  const pending: { version: string; text: string; checksum: string }[] = [];
  for (const file of readdirSync(folder).toSorted()) {
    const bytes = readFileSync(join(folder, file));
    const checksum = hash('sha256', bytes);
    const version = file.slice(1, file.indexOf('_'));
    const known = applied?.get(version);
    if (known === undefined) pending.push({ version, text: bytes.toString(), checksum });
    else if (known !== checksum) throw new Error(`${file} was edited.`);
  }
  if (pending.length > 0) apply(database, pending, journalMode);
  database.close();
  return pending.length;
}

function readHistory(database: DatabaseSync): Map<string, string> | null {
  if (database.prepare("SELECT 1 FROM sqlite_schema WHERE name = 'history'").get() === undefined) return null;
  const rows = database.prepare('SELECT version, checksum FROM history').all();
  return new Map(rows.map(({ version, checksum }) => [String(version), String(checksum)]));
}

function apply(
  database: DatabaseSync,
  pending: readonly { readonly version: string; readonly text: string; readonly checksum: string }[],
  journalMode: Job['journalMode'],
): void {
  database.exec(`PRAGMA journal_mode = ${journalMode}`);
  database.exec('CREATE TABLE IF NOT EXISTS history (version TEXT PRIMARY KEY, checksum TEXT, applied_at INTEGER)');
  const insert = database.prepare('INSERT INTO history VALUES (?, ?, ?)');
  for (const { version, text, checksum } of pending) {
    database.exec('BEGIN IMMEDIATE');
    database.exec(text);
    insert.run(version, checksum, Date.now());
    database.exec('COMMIT');
  }
}

async function copyOut({ database: path, backup: target }: Job): Promise<number> {
  const database = new DatabaseSync(path);
  await backup(database, target, { rate: 0x7fff_ffff });
  database.close();
  await pipeline(createReadStream(target), createHash('sha256'), createWriteStream(`${target}.sha256`));
  return 1;
}

async function copyBack({ database: path, backup: source }: Job): Promise<number> {
  await pipeline(createReadStream(source), createHash('sha256'), createWriteStream(`${source}.sha256`));
  const database = new DatabaseSync(source, { readOnly: true });
  await backup(database, path, { rate: 0x7fff_ffff });
  database.close();
  return 1;
}

async function load({ folder }: Job): Promise<number> {
  enableCompileCache();
  let count = 0;
  for (const file of readdirSync(folder).toSorted()) {
    const url = pathToFileURL(join(folder, file)).href;
    const module = (await import(url)) as { readonly up?: unknown };
    if (typeof module.up === 'function') count += 1;
  }
  return count;
}
