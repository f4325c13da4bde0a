import { expect, test } from 'vitest';
import { mariadbServer } from '@detent/tests/servers/mariadb';
import { mysqlServer } from '@detent/tests/servers/mysql';
import { createMysqlDatabase } from '@detent/tests/servers/mysql-common';
import { repository } from './fixtures/runner.ts';

test.each([
  ['MariaDB', mariadbServer],
  ['MySQL', mysqlServer],
] as const)(
  'on %s, with nothing installed: check on a scratch database, then apply on the real one',
  { timeout: 60_000 },
  async (_, find) => {
    const server = await find();
    if (server === null) return;
    const [scratch, real] = [await createMysqlDatabase(server), await createMysqlDatabase(server)];
    try {
      const { run } = repository({
        'migrations/V1_create_items.sql':
          "-- detent:up\nCREATE TABLE items (id bigint PRIMARY KEY, name varchar(40));\nINSERT INTO items VALUES (1, 'Grüße 🎈');\n-- detent:down\nDROP TABLE items;\n",
        'migrations/V2_index.mjs':
          "export const up = (db) => db.query('CREATE INDEX by_name ON items (name)').then(() => 'indexed');\nexport const down = (db) => db.query('DROP INDEX by_name ON items');\n",
      });
      const check = await run({ with: { 'scratch-url': scratch.url }, env: { DATABASE_URL: real.url } });
      expect({ code: check.code, ...check.outputs }).toMatchObject({
        code: 0,
        status: 'ok',
        'applied-count': '2',
        'reverted-count': '2',
      });
      expect(await real.query('SHOW TABLES')).toEqual([]);

      const apply = await run({ with: { command: 'apply', url: real.url } });
      expect({ code: apply.code, ...apply.outputs }).toMatchObject({ code: 0, status: 'ok', 'current-version': '2' });
      expect(await real.query('SELECT name FROM items')).toEqual([{ name: 'Grüße 🎈' }]);
      expect((await run({ with: { command: 'verify', url: real.url } })).outputs).toMatchObject({ status: 'ok' });
    } finally {
      await Promise.all([scratch.drop(), real.drop()]);
    }
  },
);
