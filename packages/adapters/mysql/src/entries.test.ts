import { fromModules, MigrationScriptExecutor, type HistoryEntry, type MigrationSource } from '@detent/core';
import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { openPlace, WORKING, type Place } from './fixtures/places.ts';
import { readGreeting } from './greeting.ts';
import { mysql } from './index.ts';

/** With a name beyond ASCII, and one that was never a script's. */
async function migrated(place: Place): Promise<void> {
  const migrations = fromModules([
    ['V1_größe.sql', 'CREATE TABLE t (id int)'],
    ['V2_b.sql', 'CREATE TABLE u (id int)'],
  ]);
  await using executor = new MigrationScriptExecutor({ adapter: mysql({ url: place.database.url }), migrations });
  expect((await executor.migrate()).errors).toEqual([]);
}

/** What two looks of one session found. */
async function read({ database }: Place): Promise<readonly HistoryEntry[]> {
  const session = await mysql({ url: database.url }).open(WORKING);
  try {
    const first = await session.history.read();
    expect(await session.history.read()).toEqual(first);
    return first.entries;
  } finally {
    await session.close();
  }
}

test('entries are read as they stand, with signs between fields in them, without a checksum, and without the table of the lock', async () => {
  await using place = await openPlace();
  await migrated(place);
  const entries = await read(place);
  expect(entries.map(({ id, name, kind, state }) => ({ id, name, kind, state }))).toEqual([
    { id: '1', name: 'größe', kind: 'versioned', state: 'applied' },
    { id: '2', name: 'b', kind: 'versioned', state: 'applied' },
  ]);
  const [one, two] = entries;
  await place.database.query("UPDATE schema_version SET checksum = NULL, finished_at = NULL WHERE id = '2'");
  expect(await read(place)).toEqual([one, { ...two, checksum: null, finishedAt: null }]);

  await place.database.query(
    "UPDATE schema_version SET name = CONCAT('a', CHAR(31 USING utf8mb4), 'b') WHERE id = '2'",
  );
  const odd = [one, { ...two, checksum: null, finishedAt: null, name: 'a\u{1f}b' }];
  expect(await read(place)).toEqual(odd);

  await place.database.query('DROP TABLE schema_version_lock');
  expect(await read(place)).toEqual(odd);
});

test('the history is asked for before the files are read, so that the server answers while they are', async () => {
  await using place = await openPlace();
  const connection = await createConnection({ uri: place.database.url, multipleStatements: true });
  const { connection: driver } = connection as unknown as { readonly connection: { query: unknown } };
  const query = (driver.query as (...given: readonly unknown[]) => unknown).bind(driver);
  let asked = 0;
  Object.assign(driver, {
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
  await using executor = new MigrationScriptExecutor<object>({
    adapter: mysql<object>({ connection } as never),
    migrations,
  });
  const { errors } = await executor.migrate();
  await connection.end();
  expect(errors).toEqual([]);
  expect(before).toBe(asked);
});

test.each([
  ['that lay unread for a while', { sent: -9_000, server: -8_990 }, 0],
  ['of a server that is ahead', { sent: -20, server: 7_000 }, 7_000],
  ['of a server that is behind', { sent: -20, server: -7_020 }, -7_000],
])('an answer %s tells by how much the clocks differ at least', (_, { sent, server }, expected) => {
  const now = Date.now();
  const answer = { rows: [{ now: String(now + server) }], affected: null, records: null };
  const { clockOffsetMs } = readGreeting(answer, { startId: null }, 'schema_version', now + sent);
  expect(Math.round(clockOffsetMs / 1_000) * 1_000).toBe(expected);
});
