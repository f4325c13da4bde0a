// Umzug brings no storage for SQLite: this one is a table. It calls storage after `up`, so outside its transaction.
import { readFileSync } from 'node:fs';
import { DatabaseSync } from 'node:sqlite';
import { Umzug } from 'umzug';
import type { SqliteJob } from '../job.ts';
import { contend } from './contend.ts';

await contend({ migrate });

async function migrate({ folder, database: path, journalMode, sync }: SqliteJob): Promise<number> {
  const database = new DatabaseSync(path);
  if (database.prepare('PRAGMA journal_mode').get()?.['journal_mode'] !== journalMode) {
    database.exec(`PRAGMA journal_mode = ${journalMode}`);
  }
  if (sync === 'end') database.exec('PRAGMA synchronous = NORMAL');
  database.exec('CREATE TABLE IF NOT EXISTS history (name TEXT PRIMARY KEY)');
  const insert = database.prepare('INSERT INTO history VALUES (?)');
  const remove = database.prepare('DELETE FROM history WHERE name = ?');
  const umzug = new Umzug({
    migrations: {
      glob: ['*.sql', { cwd: folder }],
      resolve: ({ name, path: file = '' }) => ({ name, up: async () => applyFile(database, file) }),
    },
    storage: {
      executed: async () =>
        database
          .prepare('SELECT name FROM history ORDER BY name')
          .all()
          .map(({ name }) => String(name)),
      logMigration: async ({ name }) => void insert.run(name),
      unlogMigration: async ({ name }) => void remove.run(name),
    },
    logger: undefined,
  });
  const applied = await umzug.up();
  database.close();
  return applied.length;
}

function applyFile(database: DatabaseSync, file: string): void {
  database.exec('BEGIN');
  database.exec(readFileSync(file, 'utf8'));
  database.exec('COMMIT');
}
