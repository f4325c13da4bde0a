// The same by hand, so that it can go on after it was cut off anywhere: data and its record in one transaction; before a
// change of the schema, which commits by itself, a row that says what the table was like.
import { createConnection, type Connection } from 'mysql2/promise';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';
import { pendingIn, type Pending } from './pending.ts';

const LOOKS =
  "SELECT sha2(group_concat(concat_ws('|', column_name, column_type, is_nullable, column_default, column_key) ORDER BY ordinal_position), 256) " +
  'FROM information_schema.columns WHERE table_schema = database() AND table_name = ?';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const connection = await createConnection(database);
  await connection.query(
    "CREATE TABLE history (version VARCHAR(40) PRIMARY KEY, checksum TEXT, state VARCHAR(10) NOT NULL DEFAULT 'applied', looks TEXT, applied_at DATETIME)",
  );
  const pending = pendingIn(folder, null);
  for (const each of pending) await (each.text.includes('INSERT') ? applyData : applySchema)(connection, each);
  await connection.end();
  return pending.length;
}

async function applyData(connection: Connection, { version, text, checksum }: Pending): Promise<void> {
  await connection.query('BEGIN');
  await connection.query(text);
  await connection.query('INSERT INTO history (version, checksum, applied_at) VALUES (?, ?, now())', [
    version,
    checksum,
  ]);
  await connection.query('COMMIT');
}

async function applySchema(connection: Connection, { version, text, checksum }: Pending): Promise<void> {
  const table = /orders_\d+/.exec(text.slice(text.lastIndexOf('TABLE')))?.[0] ?? /ON (\w+)/.exec(text)?.[1];
  await connection.query(`INSERT INTO history (version, checksum, state, looks) VALUES (?, ?, 'running', (${LOOKS}))`, [
    version,
    checksum,
    table,
  ]);
  await connection.query(text);
  await connection.query("UPDATE history SET state = 'applied', applied_at = now() WHERE version = ?", [version]);
}
