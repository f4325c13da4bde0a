// Umzug brings no storage for plain `mysql2`: this one is a table. It calls storage after `up`, so outside its transaction.
import { readFileSync } from 'node:fs';
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import { Umzug } from 'umzug';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const connection = await createConnection(database);
  await connection.query('CREATE TABLE IF NOT EXISTS history (name VARCHAR(200) PRIMARY KEY)');
  const umzug = new Umzug({
    migrations: {
      glob: ['*.sql', { cwd: folder }],
      resolve: ({ name, path: file = '' }) => ({ name, up: () => applyFile(connection, file) }),
    },
    storage: {
      async executed() {
        const [rows] = await connection.query<RowDataPacket[]>('SELECT name FROM history ORDER BY name');
        return rows.map(({ name }) => String(name));
      },
      logMigration: async ({ name }) => void (await connection.query('INSERT INTO history VALUES (?)', [name])),
      unlogMigration: async ({ name }) => void (await connection.query('DELETE FROM history WHERE name = ?', [name])),
    },
    logger: undefined,
  });
  const applied = await umzug.up();
  await connection.end();
  return applied.length;
}

async function applyFile(connection: Connection, file: string): Promise<void> {
  await connection.query('BEGIN');
  await connection.query(readFileSync(file, 'utf8'));
  await connection.query('COMMIT');
}
