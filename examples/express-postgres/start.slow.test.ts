import { expect, test } from 'vitest';
import { quietPort, startExample } from '@detent/tests/hosts/example';
import { createPostgresDatabase, postgresServer } from '@detent/tests/servers/postgres';

test('the example starts with one command, and its first request finds the table', { timeout: 60_000 }, async () => {
  const server = await postgresServer('18');
  if (server === null) return;
  const database = await createPostgresDatabase(server);
  const port = await quietPort();
  try {
    await using example = startExample(import.meta.dirname, 'start', {
      DATABASE_URL: database.url,
      PORT: String(port),
    });
    const notes = `http://127.0.0.1:${port}/notes`;
    expect(await example.json(notes)).toEqual([{ id: '1', body: 'Migrated before the first request.' }]);
    const body = JSON.stringify({ body: 'Another' });
    await fetch(notes, { method: 'POST', headers: { 'content-type': 'application/json' }, body });
    expect(await example.json(notes)).toHaveLength(2);
  } finally {
    await database.drop();
  }
});
