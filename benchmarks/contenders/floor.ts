// What one would write by hand for exactly one task: no lock, no recovery, no messages.
import { hash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqliteJob } from '../job.ts';
import { contend } from './contend.ts';

await contend({ migrate });

function migrate(job: SqliteJob): number {
  const { folder } = job;
  const database = new DatabaseSync(job.database);
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
  if (pending.length > 0) apply(database, pending, job);
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
  { journalMode, sync }: SqliteJob,
): void {
  database.exec(`PRAGMA journal_mode = ${journalMode}`);
  if (sync === 'end') database.exec('PRAGMA synchronous = NORMAL');
  database.exec('CREATE TABLE IF NOT EXISTS history (version TEXT PRIMARY KEY, checksum TEXT, applied_at INTEGER)');
  const insert = database.prepare('INSERT INTO history VALUES (?, ?, ?)');
  for (const { version, text, checksum } of pending) {
    database.exec('BEGIN IMMEDIATE');
    database.exec(text);
    insert.run(version, checksum, Date.now());
    database.exec('COMMIT');
  }
}
