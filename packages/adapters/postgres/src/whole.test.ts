import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { expect, test } from 'vitest';
import { until } from './fixtures/places.ts';
import { holding, playground } from './fixtures/playground.ts';
import { startProxy } from './fixtures/proxy.ts';
import { postgres, type PgClient } from './index.ts';

// The third of migrations that are alike goes out whole: the first two taught the session what they have in common.

const BEFORE = { 'V1_a.sql': 'CREATE TABLE a (x int);', 'V2_b.sql': 'CREATE TABLE b (x int);' };

function executorOn(
  url: string,
  files: Readonly<Record<string, string>>,
  options: { readonly hooks?: { readonly beforeEach: () => void } } = {},
): MigrationScriptExecutor<PgClient> {
  return new MigrationScriptExecutor<PgClient>({
    adapter: postgres({ url, lockRetries: 20 }),
    migrations: fromModules({ ...BEFORE, ...files }),
    timeouts: { lockMs: 100 },
    ...options,
  });
}

test('each is one message, and nothing is asked between them', async () => {
  await using place = await playground();
  await using proxy = await startProxy(place.database.url);
  await using executor = executorOn(proxy.url, {
    'V3_c.sql': 'CREATE TABLE c (x int); INSERT INTO c VALUES (1);',
    'V4_d.sql': 'INSERT INTO c VALUES (2);',
    'V5_e.sql': 'ALTER TABLE c ADD COLUMN y text;',
  });
  const sent: number[] = [];
  executor.on('step-started', () => void sent.push(proxy.messages()));
  executor.on('step-finished', () => void sent.push(proxy.messages()));
  expect((await executor.migrate()).errors).toEqual([]);
  expect(sent.slice(4).reduce((sum, count) => sum + count)).toBe(3);
  expect((await executor.verify()).problems).toEqual([]);
  const rows = await place.database.query(
    'SELECT version, state, applied_order::int AS place, statements_done::int AS done, duration_ms >= 0 AS timed, ' +
      'finished_at >= started_at AS later FROM schema_version ORDER BY applied_order',
  );
  expect(rows).toEqual(
    [1, 1, 2, 1, 1].map((done, index) => ({
      version: String(index + 1),
      state: 'applied',
      place: index + 1,
      done,
      timed: true,
      later: true,
    })),
  );
});

test('what is answered before its turn is told when its turn comes', async () => {
  await using place = await playground();
  const scripts = Array.from({ length: 6 }, (_, index) => [`V${index + 3}_c.sql`, `CREATE TABLE c${index} (x int);`]);
  await using executor = executorOn(place.database.url, Object.fromEntries(scripts));
  const told: string[] = [];
  executor.on('step-started', ({ step }) => {
    told.push(`${step.version} started`);
    // Meanwhile the server answers this one and the one behind it, so that both are read at once.
    setImmediate(() => Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, 30));
  });
  executor.on('statement-finished', ({ step }) => told.push(`${step.version} done`));
  executor.on('step-finished', ({ step }) => told.push(`${step.version} finished`));
  expect((await executor.migrate()).errors).toEqual([]);
  const versions = Array.from({ length: 8 }, (_, index) => String(index + 1));
  expect(told).toEqual(versions.flatMap((version) => [`${version} started`, `${version} done`, `${version} finished`]));
});

test('one that fails leaves nothing, names its place, and the next run goes on', async () => {
  await using place = await playground();
  const files = { 'V3_c.sql': 'CREATE TABLE c (x int);\nINSERT INTO nowhere VALUES (1);' };
  await using executor = executorOn(place.database.url, { ...files, 'V4_d.sql': 'CREATE TABLE d (x int);' });
  const { errors, executed } = await executor.migrate();
  expect(executed.map(({ name }) => name)).toEqual(['a', 'b']);
  expect(errors).toMatchObject([
    { code: 'STATEMENT_FAILED', facts: { place: { file: 'V3_c.sql', line: 2, column: 13 } } },
  ]);
  expect(await place.database.query("SELECT to_regclass('c') AS c, to_regclass('d') AS d")).toEqual([
    { c: null, d: null },
  ]);
  expect(await place.database.query("SELECT state, attempt::int FROM schema_version WHERE version = '3'")).toEqual([
    { state: 'failed', attempt: 1 },
  ]);
  await place.database.query('CREATE TABLE nowhere (x int)');
  await using next = executorOn(place.database.url, { ...files, 'V4_d.sql': 'CREATE TABLE d (x int);' });
  expect((await next.migrate()).executed.map(({ name }) => name)).toEqual(['c', 'd']);
  expect((await next.verify()).problems).toEqual([]);
});

test('what is sent behind one that fails is not even begun', async () => {
  await using place = await playground();
  await place.database.query('CREATE SEQUENCE counted', 'CREATE TABLE numbers (x bigint)');
  await using executor = executorOn(place.database.url, {
    'V3_c.sql': 'CREATE TABLE c (x int);',
    'V4_d.sql': "INSERT INTO numbers VALUES (nextval('counted'));",
    'V5_e.sql': 'INSERT INTO nowhere VALUES (1);',
    'V6_f.sql': "INSERT INTO numbers VALUES (nextval('counted'));",
  });
  const { errors, executed } = await executor.migrate();
  expect(executed.map(({ name }) => name)).toEqual(['a', 'b', 'c', 'd']);
  expect(errors).toMatchObject([{ code: 'STATEMENT_FAILED', facts: { place: { file: 'V5_e.sql' } } }]);
  // A sequence keeps what a transaction took from it.
  expect(await place.database.query('SELECT last_value::int AS last FROM counted')).toEqual([{ last: 1 }]);
});

test('a run that is told to stop stops in one that is under way, and what was sent behind it is not begun', async () => {
  await using place = await playground();
  await place.database.query('CREATE SEQUENCE counted');
  await using executor = executorOn(place.database.url, {
    'V3_c.sql': 'CREATE TABLE c (x int); INSERT INTO c SELECT 1 FROM pg_sleep(20);',
    'V4_d.sql': "INSERT INTO c VALUES (nextval('counted'));",
  });
  const stop = new AbortController();
  const run = executor.migrate({ signal: stop.signal });
  await until(place, "EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep')");
  stop.abort();
  expect((await run).errors).toMatchObject([{ code: 'CANCELLED' }]);
  expect(await place.database.query("SELECT to_regclass('c') AS c, is_called FROM counted")).toEqual([
    { c: null, is_called: false },
  ]);
});

test.each(['after', 'before'] as const)('F30 F31 one whose message is cut %s it arrived is asked for', async (when) => {
  await using place = await playground();
  await using proxy = await startProxy(place.database.url);
  const files = { 'V3_c.sql': 'CREATE TABLE c (x int);' };
  await using executor = executorOn(proxy.url, files);
  proxy.cutAt('CREATE TABLE c', when);
  const { errors, executed } = await executor.migrate();
  expect(executed.map(({ name }) => name)).toEqual(when === 'after' ? ['a', 'b', 'c'] : ['a', 'b']);
  expect(errors.map(({ code }) => code)).toEqual(when === 'after' ? [] : ['CONNECTION']);
  await using next = executorOn(place.database.url, files);
  expect((await next.migrate()).executed).toHaveLength(when === 'after' ? 0 : 1);
  expect((await next.verify()).problems).toEqual([]);
});

test('one that cannot have its lock is tried again as it is', async () => {
  await using place = await playground();
  await place.database.query('CREATE TABLE busy (x int)');
  await using executor = executorOn(place.database.url, {
    'V3_c.sql': 'CREATE TABLE c (x int); INSERT INTO busy VALUES (1);',
    'V4_d.sql': 'INSERT INTO busy VALUES (2);',
  });
  const holder = await holding(place, 'busy');
  const run = executor.migrate();
  await until(place, "EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'busy'::regclass)");
  // By then it was refused at least once.
  await until(place, "NOT EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'busy'::regclass)");
  await holder.letGo();
  expect((await run).errors).toEqual([]);
  expect(await place.database.query('SELECT x FROM busy ORDER BY x')).toEqual([{ x: 1 }, { x: 2 }]);
  expect((await executor.verify()).problems).toEqual([]);
});

test('F13 one whose lock was taken away meanwhile leaves nothing', async () => {
  await using place = await playground();
  let breaking: Promise<unknown> = Promise.resolve();
  await using slow = executorOn(place.database.url, {
    'V3_c.sql': 'CREATE TABLE c (x int); INSERT INTO c SELECT 1 FROM pg_sleep(1);',
  });
  slow.on('step-finished', ({ step }) => {
    if (step.name === 'b') breaking = place.open().then((session) => session.lock.break({ fence: false }));
  });
  const { errors } = await slow.migrate();
  await breaking;
  expect(errors).toMatchObject([{ code: 'LOCK_LOST' }]);
  expect(await place.database.query("SELECT to_regclass('c') AS c")).toEqual([{ c: null }]);
});

test('a hook runs before each, as it does before any other', async () => {
  await using place = await playground();
  let calls = 0;
  await using executor = executorOn(
    place.database.url,
    { 'V3_c.sql': 'CREATE TABLE c (x int);' },
    { hooks: { beforeEach: () => void (calls += 1) } },
  );
  expect((await executor.migrate()).errors).toEqual([]);
  expect(calls).toBe(3);
});
