// What one would write by hand for exactly one task: four round trips for each migration, no lock, no recovery.
import { createConnection, type Connection, type RowDataPacket } from 'mysql2/promise';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';
import { pendingIn } from './pending.ts';

await contend({ migrate });

async function migrate({ folder, database }: Job): Promise<number> {
  const connection = await createConnection(database);
  const applied = await readHistory(connection);
  const pending = pendingIn(folder, applied);
  if (applied === null) {
    await connection.query(
      'CREATE TABLE history (version VARCHAR(40) PRIMARY KEY, checksum TEXT, applied_at DATETIME)',
    );
  }
  for (const { version, text, checksum } of pending) {
    await connection.query('BEGIN');
    await connection.query(text);
    await connection.query('INSERT INTO history VALUES (?, ?, now())', [version, checksum]);
    await connection.query('COMMIT');
  }
  await connection.end();
  return pending.length;
}

/** `null` where there is no table yet, which costs no round trip more where there is one. */
async function readHistory(connection: Connection): Promise<Map<string, string> | null> {
  try {
    const [rows] = await connection.query<RowDataPacket[]>('SELECT version, checksum FROM history');
    return new Map(rows.map(({ version, checksum }) => [String(version), String(checksum)]));
  } catch (error) {
    if (error instanceof Error && Reflect.get(error, 'code') === 'ER_NO_SUCH_TABLE') return null;
    throw error;
  }
}
