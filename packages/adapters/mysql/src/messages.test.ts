import {
  fromModules,
  MigrationScriptExecutor,
  type HistoryRow,
  type Hooks,
  type MigrationResult,
  type Statement,
} from '@detent/core';
import { startProxy } from '@detent/tests/servers/proxy';
import { expect, test } from 'vitest';
import { openPlace, type Place } from './fixtures/places.ts';
import { Playground, take } from './fixtures/playground.ts';
import { mysql, type MysqlConnection } from './index.ts';

const TABLE = 'CREATE TABLE t (id int PRIMARY KEY, n int)';

async function migrate(
  url: string,
  scripts: readonly string[],
  hooks: Hooks<MysqlConnection> = {},
): Promise<{ readonly result: MigrationResult; readonly problems: readonly string[] }> {
  const migrations = fromModules(scripts.map((text, index) => [`V${index + 1}_a.sql`, text] as const));
  const executor = new MigrationScriptExecutor<MysqlConnection>({ adapter: mysql({ url }), migrations, hooks });
  try {
    const result = await executor.migrate();
    return { result, problems: (await executor.verify()).problems.map(({ code }) => code) };
  } finally {
    await executor.close();
  }
}

/** How many messages a run of these migrations sends, each on a new database. */
async function messagesOf(...scripts: readonly string[]): Promise<number> {
  await using place = await openPlace();
  await using proxy = await startProxy(place.database.url);
  const { result } = await migrate(proxy.url, scripts);
  expect(result.errors).toEqual([]);
  return proxy.messages;
}

const statesOf = ({ database }: Place): Promise<readonly Record<string, string | null>[]> =>
  database.query('SELECT id, state FROM schema_version ORDER BY applied_order');

test('a migration that changes the schema takes one message, and one that changes rows', async () => {
  const [first, ...changes] = [
    TABLE,
    'ALTER TABLE t ADD COLUMN m int',
    'CREATE INDEX t_n ON t (n)',
    'CREATE TABLE u (id int)',
  ];
  expect((await messagesOf(first, ...changes)) - (await messagesOf(first))).toBe(changes.length);
  const rows = ['INSERT INTO t VALUES (1, 1)', 'UPDATE t SET n = 2', 'DELETE FROM t'];
  expect((await messagesOf(first, ...rows)) - (await messagesOf(first, ...rows.slice(0, 1)))).toBe(2);
});

test('F28 a record that was to go with a transaction stands when that one is rolled back', async () => {
  await using place = await openPlace();
  const { result, problems } = await migrate(place.database.url, [TABLE, 'INSERT INTO t VALUES (1, 1), (1, 2)']);
  expect(result.errors.map(({ code }) => code)).toEqual(['STATEMENT_FAILED']);
  expect(await statesOf(place)).toEqual([
    { id: '1', state: 'applied' },
    { id: '2', state: 'failed' },
  ]);
  expect(problems).toEqual([]);
});

test('F28 a record that was to go with a change of the schema stands when that one is refused', async () => {
  await using place = await openPlace();
  const { result, problems } = await migrate(place.database.url, [TABLE, 'ALTER TABLE t ADD COLUMN n int']);
  expect(result.errors.map(({ code }) => code)).toEqual(['STATEMENT_FAILED']);
  expect(await statesOf(place)).toEqual([
    { id: '1', state: 'applied' },
    { id: '2', state: 'failed' },
  ]);
  expect(problems).toEqual([]);
});

test('F13 nothing of a migration is accepted behind a record that is too late', async () => {
  await using place = await openPlace();
  const { database } = place;
  const scripts = [TABLE, 'CREATE TABLE late (id int)'];
  const hooks: Hooks<MysqlConnection> = {
    async beforeEach({ step }) {
      if (step.version === '2') await database.query('UPDATE schema_version_lock SET token = token + 1');
    },
  };
  const { result } = await migrate(database.url, scripts, hooks);
  expect(result.errors.map(({ code }) => code)).toEqual(['LOCK_LOST']);
  expect(await database.query("SHOW TABLES LIKE 'late'")).toEqual([]);
});

test('F13 a connection that is ended while a table is looked for is told as that', async () => {
  await using playground = new Playground((await openPlace()).database);
  const session = await playground.open();
  await using lease = await take(session);
  await session.history.init();
  await session.trace({ ...STATEMENT, text: 'CREATE TABLE t (n int)' });
  const [row] = await playground.database.query(
    'SELECT ID AS id FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()',
  );
  await playground.database.query(`KILL ${row?.['id'] ?? ''}`);
  const late = session.transaction({ statements: [] }, () => session.history.save(rowOf('1', lease.token)));
  await expect(late).rejects.toMatchObject({ code: 'CONNECTION' });
});

test('a hook between two migrations finds the first recorded', async () => {
  await using place = await openPlace();
  const seen: unknown[] = [];
  const afterEach = async (): Promise<void> => void seen.push(...(await statesOf(place)));
  await migrate(place.database.url, [TABLE, 'CREATE TABLE u (id int)'], { afterEach });
  expect(seen).toEqual([
    { id: '1', state: 'applied' },
    { id: '1', state: 'applied' },
    { id: '2', state: 'applied' },
  ]);
});

test('F13 what waits to be written is never written by a holder that was removed', async () => {
  await using playground = new Playground((await openPlace()).database);
  const [first, second] = [await playground.open(), await playground.open()];
  const states = async (): Promise<readonly string[]> =>
    (await second.history.read()).entries.map(({ id, state }) => `${id} ${state}`);
  const lease = await take(first);
  await first.history.init();
  const wait = (id: string): Promise<void> =>
    first.transaction({ statements: [], canWait: true }, () => first.history.save(rowOf(id, lease.token)));

  await wait('1');
  expect(await states()).toEqual([]);
  await first.execute([{ ...STATEMENT, text: 'CREATE TABLE t (n int)' }], 'V2.sql');
  expect(await states()).toEqual(['1 running']);

  await wait('2');
  await playground.database.query('UPDATE schema_version_lock SET token = token + 1');
  const late = first.execute([{ ...STATEMENT, text: 'CREATE TABLE late (n int)' }], 'V3.sql');
  await expect(late).rejects.toMatchObject({ code: 'LOCK_LOST' });
  await lease[Symbol.asyncDispose]();
  await first.close();
  expect(await states()).toEqual(['1 running']);
  expect(await playground.database.query("SHOW TABLES LIKE 'late'")).toEqual([]);
});

const STATEMENT: Statement = {
  text: '',
  line: 1,
  column: 1,
  kind: 'ddl',
  transactional: false,
  destroys: null,
  leaves: null,
  effect: null,
};

function rowOf(id: string, token: number): HistoryRow {
  return {
    id,
    version: id,
    name: 'a',
    kind: 'versioned',
    state: 'running',
    file: `V${id}_a.sql`,
    checksum: null,
    rawChecksum: null,
    appliedOrder: Number(id),
    finishedAt: null,
    statementsTotal: 1,
    statementsDone: 0,
    statementHashes: [],
    intent: null,
    cursors: {},
    attempt: 1,
    token,
    runId: 'run-1',
    username: 'tester',
    startedAt: 1,
    durationMs: null,
    result: null,
    errorCode: null,
    error: null,
    downSource: null,
    toolVersion: '0',
  };
}
