import { mkdirSync, realpathSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createPostgresDatabase, postgresServer } from '@detent/tests/servers/postgres';
import { repository } from './fixtures/runner.ts';

test(
  'on PostgreSQL, with nothing installed: check on a scratch database, then apply on the real one',
  { timeout: 60_000 },
  async () => {
    const server = await postgresServer('18');
    if (server === null) return;
    const [scratch, real] = [await createPostgresDatabase(server), await createPostgresDatabase(server)];
    try {
      const { run } = repository({
        'migrations/V1_create_items.sql':
          '-- detent:up\nCREATE TABLE items (id bigint PRIMARY KEY);\n-- detent:down\nDROP TABLE items;\n',
        'migrations/V2_index.sql':
          '-- detent:up\nCREATE INDEX CONCURRENTLY by_id ON items (id);\n-- detent:down\nDROP INDEX CONCURRENTLY by_id;\n',
      });
      const check = await run({ with: { 'scratch-url': scratch.url }, env: { DATABASE_URL: real.url } });
      expect({ code: check.code, ...check.outputs }).toMatchObject({
        code: 0,
        status: 'ok',
        'applied-count': '2',
        'reverted-count': '2',
      });
      expect(await real.query("SELECT count(*)::int AS n FROM pg_tables WHERE schemaname = 'public'")).toEqual([
        { n: 0 },
      ]);

      const apply = await run({ with: { command: 'apply', url: real.url } });
      expect({ code: apply.code, ...apply.outputs }).toMatchObject({
        code: 0,
        status: 'ok',
        'applied-count': '2',
        'current-version': '2',
      });
      expect(await real.query('SELECT count(*)::int AS n FROM items')).toEqual([{ n: 0 }]);
      const used = await run({ with: { 'scratch-url': real.url } });
      expect(used.annotations[0]?.message).toContain('The scratch database is not empty');
    } finally {
      await Promise.all([scratch.drop(), real.drop()]);
    }
  },
);

test(
  'check on PostgreSQL without an empty database says how to get one, and leaves the real one alone',
  { timeout: 60_000 },
  async () => {
    const { run } = repository({ 'migrations/V1_nothing.sql': 'SELECT 1;\n' });
    const { code, annotations } = await run({ env: { DATABASE_URL: 'postgres://app@127.0.0.1:9/shop' } });
    expect(code).toBe(64);
    expect(annotations[0]?.message).toContain('scratch-url');
  },
);

test('check on PostgreSQL takes the PGlite that the project has installed', { timeout: 120_000 }, async () => {
  const { run, folder } = repository({
    'migrations/V1_create_items.sql':
      '-- detent:up\nCREATE TABLE items (id bigint PRIMARY KEY);\n-- detent:down\nDROP TABLE items;\n',
  });
  const installed = join(import.meta.dirname, '../../../adapters/postgres/node_modules/@electric-sql/pglite');
  mkdirSync(join(folder, 'node_modules/@electric-sql'), { recursive: true });
  symlinkSync(realpathSync(installed), join(folder, 'node_modules/@electric-sql/pglite'), 'junction');
  const { code, outputs, log } = await run({ env: { DATABASE_URL: 'postgres://app@127.0.0.1:9/shop' } });
  expect({ code, ...outputs }, log).toMatchObject({
    code: 0,
    status: 'ok',
    'applied-count': '1',
    'reverted-count': '1',
  });
});
