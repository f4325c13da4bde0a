import { fromModules, MigrationScriptExecutor, type MigrationSource } from '@detent/core';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { playground } from './fixtures/playground.ts';
import { readGreeting } from './greeting.ts';
import { postgres, type PgClient } from './index.ts';

test('the history is asked for before the files are read, so that the server answers meanwhile', async () => {
  await using place = await playground();
  const client = new Client({ connectionString: place.database.url });
  await client.connect();
  let asked = 0;
  const query = client.query.bind(client) as (...given: readonly unknown[]) => unknown;
  Object.assign(client, {
    query: (...given: readonly unknown[]): unknown => {
      asked += 1;
      return query(...given);
    },
  });
  let before = 0;
  const migrations: MigrationSource = {
    name: 'files',
    discover: async () => {
      before = asked;
      return { files: [], hooks: [], problems: [] };
    },
  };
  await using executor = new MigrationScriptExecutor<PgClient>({ adapter: postgres({ client }), migrations });
  const { errors } = await executor.migrate();
  await client.end();
  expect(errors).toEqual([]);
  expect(before).toBe(asked);
});

test('rows and lines that are alike in most of what they say are each written whole', async () => {
  await using place = await playground();
  const count = 6;
  const files = Object.fromEntries(
    Array.from({ length: count }, (_, index) => [
      `V${index + 1}_t.sql`,
      `CREATE TABLE "it's \\ ${index}" (x int);${'SELECT 1 WHERE false;'.repeat(index === 3 ? 1 : 0)}\n-- detent:down\nDROP TABLE "it's \\ ${index}";`,
    ]),
  );
  await using executor = new MigrationScriptExecutor<PgClient>({
    adapter: postgres({ url: place.database.url }),
    migrations: fromModules(files),
  });
  expect((await executor.migrate()).errors).toEqual([]);
  expect((await executor.redo()).errors).toEqual([]);
  const rows = await place.database.query(
    'SELECT id, version, file, state, applied_order::int AS place, statements_done::int AS done, attempt::int, ' +
      'down_source, finished_at >= started_at AS ended FROM schema_version ORDER BY applied_order',
  );
  expect(rows).toEqual(
    Array.from({ length: count }, (_, index) => ({
      id: `${index + 1}`,
      version: `${index + 1}`,
      file: `V${index + 1}_t.sql`,
      state: 'applied',
      place: expect.any(Number) as number,
      done: index === 3 ? 2 : 1,
      attempt: index === count - 1 ? 2 : 1,
      down_source: expect.stringContaining(`DROP TABLE "it's \\ ${index}"`) as string,
      ended: true,
    })),
  );
  expect((await executor.verify()).problems).toEqual([]);
});

test('what is mostly the same twice in a row is written as it is where it differs', async () => {
  await using place = await playground();
  const names = ['V1_a', 'V2_b', 'V3_c', 'V4_crlf', 'V5_d', 'V6_e', 'R__f', 'R__g', 'R__h'];
  const files = names.map((name) => [
    `${name}.sql`,
    `CREATE TABLE t_${name} (${name.endsWith('crlf') ? '\r\n' : ''}x int);`,
  ]);
  await using executor = new MigrationScriptExecutor<PgClient>({
    adapter: postgres({ url: place.database.url }),
    migrations: fromModules(Object.fromEntries(files) as Record<string, string>),
  });
  expect((await executor.migrate()).errors).toEqual([]);
  const rows = await place.database.query(
    'SELECT file, version, raw_checksum = checksum AS same FROM schema_version ORDER BY applied_order',
  );
  expect(rows).toEqual(
    names.map((name) => ({
      file: `${name}.sql`,
      version: name.startsWith('V') ? name.charAt(1) : null,
      same: name !== 'V4_crlf',
    })),
  );
  expect((await executor.verify()).problems).toEqual([]);
});

test.each([
  ['that lay unread for a while', { sent: -9_000, server: -8_990 }, 0],
  ['of a server that is ahead', { sent: -20, server: 7_000 }, 7_000],
  ['of a server that is behind', { sent: -20, server: -7_020 }, -7_000],
])('an answer %s tells by how much the clocks differ at least', (_, { sent, server }, expected) => {
  const now = Date.now();
  const answer = { tag: 'SELECT 1', rows: [{ now: String(now + server) }] };
  const { clockOffsetMs } = readGreeting(answer, { startPid: null }, now + sent);
  expect(Math.round(clockOffsetMs / 1_000) * 1_000).toBe(expected);
});

test('an answer that lay unread while files were read does not make the clocks differ', async () => {
  await using place = await playground();
  const source = fromModules({ 'V1_t.sql': 'CREATE TABLE t (x int);' });
  const migrations: MigrationSource = {
    name: 'slow files',
    async discover(adapter) {
      const found = source.discover(adapter);
      for (const end = Date.now() + 3_000; Date.now() < end;);
      return found;
    },
  };
  await using executor = new MigrationScriptExecutor<PgClient>({
    adapter: postgres({ url: place.database.url }),
    migrations,
  });
  expect((await executor.migrate()).errors).toEqual([]);
  const [row] = await place.database.query('SELECT finished_at::float8 AS ended FROM schema_version');
  expect(Number(row?.['ended']) - Date.now()).toBeLessThan(2_000);
});
