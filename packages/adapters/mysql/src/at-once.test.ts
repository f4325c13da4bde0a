import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { startProxy } from '@detent/tests/servers/proxy';
import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { migrate, openPlace, until, type Place } from './fixtures/places.ts';
import { mysql, type MysqlConnection } from './index.ts';

const TABLE = { 'V1_t.sql': 'CREATE TABLE t (id int PRIMARY KEY, n int);' };
const ROWS = 'INSERT INTO t VALUES (1, 1), (2, 2);\nUPDATE t SET n = 3;\nDELETE FROM t WHERE id = 1;';

function executorOn(url: string, text: string): MigrationScriptExecutor<MysqlConnection> {
  return new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql({ url }),
    migrations: fromModules({ ...TABLE, 'V2_rows.sql': text }),
    timeouts: { lockMs: 1_000 },
  });
}

const rowsOf = ({ database }: Place): Promise<readonly Record<string, string | null>[]> =>
  database.query('SELECT id, n FROM t ORDER BY id');

test.each([
  ['one message with its record and its COMMIT', ROWS, 1],
  ['more where the server may read more into it', 'INSERT /*!50000 IGNORE */ INTO t VALUES (1, 1);', 2],
  ['more where it answers with rows', 'INSERT INTO t VALUES (1, 1) RETURNING id;', 2],
  ['more where it is long', `INSERT INTO t VALUES (1, LENGTH('${'x'.repeat(1 << 16)}'));`, 3],
])('a migration that changes rows is %s', async (_, text, messages) => {
  await using place = await openPlace();
  await using proxy = await startProxy(place.database.url);
  await using executor = executorOn(proxy.url, text);
  let sent = 0;
  executor.on('step-started', () => (sent = proxy.messages));
  executor.on('step-finished', () => (sent = proxy.messages - sent));
  expect((await executor.migrate()).errors).toEqual([]);
  expect(sent).toBe(messages);
  expect((await executor.verify()).problems).toEqual([]);
});

test('every statement of it is told with the rows that it changed', async () => {
  await using place = await openPlace();
  await using executor = executorOn(place.database.url, ROWS);
  const told: unknown[] = [];
  executor.on('statement-finished', ({ step, done, rows }) => step.version === '2' && told.push([done, rows]));
  await executor.migrate();
  expect(told).toEqual([
    [1, 2],
    [2, 2],
    [3, 1],
  ]);
});

test('one that is refused in its middle leaves nothing, and names the place', async () => {
  await using place = await openPlace();
  const text = 'INSERT INTO t VALUES (1, 1);\n\n  INSERT INTO t VALUES (2, 2), (1, 3);\nDELETE FROM t;';
  const { errors, executed } = await migrate(place, { ...TABLE, 'V2_rows.sql': text });
  expect(executed.map(({ name }) => name)).toEqual(['t']);
  expect(errors).toMatchObject([
    { code: 'STATEMENT_FAILED', facts: { place: { file: 'V2_rows.sql', line: 3, column: 3 }, serverCode: '1062' } },
  ]);
  expect(await rowsOf(place)).toEqual([]);
  expect(await place.database.query("SELECT state FROM schema_version WHERE id = '2'")).toEqual([{ state: 'failed' }]);
});

test('one whose record is refused leaves nothing', async () => {
  await using place = await openPlace();
  await using executor = new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql({ url: place.database.url }),
    migrations: fromModules({ ...TABLE, 'V2_rows.sql': ROWS }),
    hooks: {
      async beforeEach({ step }) {
        if (step.version !== '2') return;
        await place.database.query(
          "CREATE TRIGGER refuse BEFORE INSERT ON schema_version_event FOR EACH ROW IF NEW.action = 'applied' THEN SIGNAL SQLSTATE '45000'; END IF",
        );
      },
    },
  });
  const { errors, executed } = await executor.migrate();
  expect(executed.map(({ name }) => name)).toEqual(['t']);
  expect(errors).toHaveLength(1);
  expect(await rowsOf(place)).toEqual([]);
  expect(await place.database.query("SELECT state FROM schema_version WHERE id = '2'")).toEqual([{ state: 'failed' }]);
});

test('F70 one that cannot have its lock holds none while it waits, and is tried again from its start', async () => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE busy (n int)', 'INSERT INTO busy VALUES (1)');
  const holder = await createConnection(place.database.url);
  await holder.query('START TRANSACTION');
  await holder.query('UPDATE busy SET n = 2');
  await using executor = executorOn(place.database.url, 'INSERT INTO t VALUES (1, 1);\nUPDATE busy SET n = n + 1;');
  const running = executor.migrate();
  const waiting =
    "EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'Updating' AND INFO LIKE '%n + 1%' AND ID <> CONNECTION_ID())";
  await until(place, waiting);
  await until(place, `NOT ${waiting}`);
  expect(await place.database.query('SELECT COUNT(*) AS n FROM t FOR UPDATE NOWAIT')).toEqual([{ n: '0' }]);
  await holder.query('COMMIT');
  await holder.end();
  expect((await running).errors).toEqual([]);
  expect(await rowsOf(place)).toEqual([{ id: '1', n: '1' }]);
  expect(await place.database.query('SELECT n FROM busy')).toEqual([{ n: '3' }]);
  expect((await executor.verify()).problems).toEqual([]);
});

test('a run that is told to stop stops in the middle of it, and nothing of it stands', async () => {
  await using place = await openPlace();
  await using executor = executorOn(
    place.database.url,
    'INSERT INTO t VALUES (1, 1);\nINSERT INTO t SELECT 2, SLEEP(20);',
  );
  const stop = new AbortController();
  const running = executor.migrate({ signal: stop.signal });
  await until(
    place,
    "EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'User sleep')",
  );
  stop.abort();
  expect((await running).errors).toMatchObject([{ code: 'CANCELLED', facts: { place: { line: 2 } } }]);
  expect(await rowsOf(place)).toEqual([]);
});

test('a run that is told to stop while its COMMIT waits is told how that ended', async () => {
  await using place = await openPlace();
  const holder = await createConnection(place.database.url);
  const stop = new AbortController();
  const waiting =
    "EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO = 'COMMIT' AND STATE LIKE 'Waiting for backup lock%')";
  await using executor = new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql({ url: place.database.url }),
    migrations: fromModules({ ...TABLE, 'V2_rows.sql': 'INSERT INTO t VALUES (1, 1);' }),
    timeouts: { lockMs: 1_000 },
    hooks: {
      async beforeEach({ step }) {
        if (step.version !== '2') return;
        await holder.query('BACKUP STAGE START');
        await holder.query('BACKUP STAGE BLOCK_COMMIT');
      },
    },
  });
  const running = executor.migrate({ signal: stop.signal });
  await until(place, waiting);
  stop.abort();
  await until(place, `NOT ${waiting}`);
  await holder.query('BACKUP STAGE END');
  await holder.end();
  const { errors, executed } = await running;
  expect(executed.map(({ name }) => name)).toEqual(['t']);
  expect(errors).toMatchObject([{ code: 'CANCELLED' }]);
  expect(await rowsOf(place)).toEqual([]);
  expect((await migrate(place, { ...TABLE, 'V2_rows.sql': 'INSERT INTO t VALUES (1, 1);' })).errors).toEqual([]);
  expect(await rowsOf(place)).toEqual([{ id: '1', n: '1' }]);
});

test.each([
  ['in one message', 'INSERT INTO t VALUES (1, 1);'],
  ['by itself', 'INSERT INTO t VALUES (1, 1) RETURNING id;'],
])(
  'a run that is told to stop while it waits for the row of the lock was stopped, and lost nothing: %s',
  async (_, text) => {
    await using place = await openPlace();
    const holder = await createConnection(place.database.url);
    const stop = new AbortController();
    await using executor = new MigrationScriptExecutor<MysqlConnection>({
      adapter: mysql({ url: place.database.url, lockRetries: 0 }),
      migrations: fromModules({ ...TABLE, 'V2_rows.sql': text }),
      hooks: {
        async beforeEach({ step }) {
          if (step.version !== '2') return;
          await holder.query('START TRANSACTION');
          await holder.query('SELECT * FROM schema_version_lock FOR UPDATE');
        },
      },
    });
    executor.on('step-failed', () => void holder.query('ROLLBACK'));
    const running = executor.migrate({ signal: stop.signal });
    await until(
      place,
      "EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND INFO LIKE '%@detent_fence%' AND ID <> CONNECTION_ID())",
    );
    stop.abort();
    const { errors } = await running;
    await holder.end();
    expect(errors.map(({ code }) => code)).toEqual(['CANCELLED']);
    expect(await rowsOf(place)).toEqual([]);
  },
);

test('F13 one whose lock was taken away before leaves nothing', async () => {
  await using place = await openPlace();
  const { errors } = await migrate(
    place,
    { ...TABLE, 'V2_rows.sql': ROWS },
    {
      hooks: {
        async beforeEach({ step }) {
          if (step.version === '2') await place.database.query('UPDATE schema_version_lock SET token = token + 1');
        },
      },
    },
  );
  expect(errors.map(({ code }) => code)).toEqual(['LOCK_LOST']);
  expect(await rowsOf(place)).toEqual([]);
});

test.each(['before', 'half', 'after'] as const)(
  'F30 F31 one whose message is cut %s it arrived is asked for',
  async (mode) => {
    await using place = await openPlace();
    await using first = await startProxy(place.database.url);
    await using whole = executorOn(first.url, ROWS);
    let at = 0;
    whole.on('step-started', () => (at = first.messages + 1));
    await whole.migrate();
    await using fresh = await openPlace();
    await using proxy = await startProxy(fresh.database.url, { cut: { at, mode } });
    await using executor = executorOn(proxy.url, ROWS);
    const { errors, executed } = await executor.migrate();
    expect(proxy.hasCut).toBe(true);
    expect(executed.map(({ name }) => name)).toEqual(mode === 'after' ? ['t', 'rows'] : ['t']);
    expect(errors.map(({ code, facts }) => [code, facts['commit']])).toEqual(
      mode === 'after' ? [] : [['CONNECTION', undefined]],
    );
    await using next = executorOn(fresh.database.url, ROWS);
    expect((await next.migrate()).errors).toEqual([]);
    expect(await rowsOf(fresh)).toEqual([{ id: '2', n: '3' }]);
    expect((await next.verify()).problems).toEqual([]);
  },
);

test('an answer that gets lost without a word is not waited for: it is asked how that ended', async () => {
  await using place = await openPlace();
  await using proxy = await startProxy(place.database.url);
  await using executor = executorOn(proxy.url, 'INSERT INTO t SELECT 1, SLEEP(1);');
  const running = executor.migrate();
  await until(
    place,
    "EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND STATE = 'User sleep')",
  );
  proxy.silence();
  const { errors, executed } = await running;
  expect(executed.map(({ name }) => name)).toEqual(['t', 'rows']);
  expect(errors.map(({ facts }) => facts['commit'])).not.toContain('unknown');
  expect(await rowsOf(place)).toEqual([{ id: '1', n: '0' }]);
});
