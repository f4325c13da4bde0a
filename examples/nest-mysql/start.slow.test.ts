import { expect, test } from 'vitest';
import { quietPort, startExample } from '@detent/tests/hosts/example';
import { mariadbServer } from '@detent/tests/servers/mariadb';
import { createMysqlDatabase } from '@detent/tests/servers/mysql-common';

test(
  'the example starts with one command, and a provider finds its table in onModuleInit',
  { timeout: 90_000 },
  async () => {
    const server = await mariadbServer();
    if (server === null) return;
    const database = await createMysqlDatabase(server);
    const port = await quietPort();
    try {
      await using example = startExample(import.meta.dirname, 'start', {
        DATABASE_URL: database.url,
        PORT: String(port),
      });
      expect(await example.json(`http://127.0.0.1:${port}/notes`)).toEqual({
        countAtStart: 1,
        notes: [{ id: 1, body: 'Migrated before onModuleInit.' }],
      });
      expect(await example.json(`http://127.0.0.1:${port}/readyz`)).toEqual({ status: 'ready' });
    } finally {
      await database.drop();
    }
  },
);
