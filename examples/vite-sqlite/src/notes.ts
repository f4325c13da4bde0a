import type { ServerResponse } from 'node:http';
import { DatabaseSync } from 'node:sqlite';

export const databaseFile: string = process.env['DATABASE_FILE'] ?? 'app.db';

/** Every note, as JSON. */
export function answer(response: ServerResponse): void {
  const database = new DatabaseSync(databaseFile);
  try {
    const notes = database.prepare('SELECT body FROM notes ORDER BY id').all();
    response.writeHead(200, { 'content-type': 'application/json' }).end(JSON.stringify(notes));
  } catch (error) {
    response.writeHead(500, { 'content-type': 'application/json' }).end(JSON.stringify({ error: String(error) }));
  } finally {
    database.close();
  }
}
