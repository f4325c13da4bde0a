import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { expect, test } from 'vitest';
import { until } from './fixtures/places.ts';
import { failureOf, holding, playground, runScript, take } from './fixtures/playground.ts';
import { startProxy } from './fixtures/proxy.ts';
import { postgres, type PgClient } from './index.ts';

function executorOn(url: string, files: Readonly<Record<string, string>>): MigrationScriptExecutor<PgClient> {
  return new MigrationScriptExecutor<PgClient>({ adapter: postgres({ url }), migrations: fromModules(files) });
}

const SCRIPT = 'CREATE TABLE a (x int);\nINSERT INTO a VALUES (1);\nCREATE TABLE b (y int);';

test.each([
  ['one message', SCRIPT, 1],
  ['two where a word in it could end the transaction', `${SCRIPT} INSERT INTO a SELECT CASE WHEN true THEN 1 END;`, 2],
  ['two where it may leave a setting behind', `${SCRIPT} SELECT set_config('my.own', '1', false);`, 2],
])('a script with its record and its COMMIT is %s', async (_, text, messages) => {
  await using place = await playground();
  await using proxy = await startProxy(place.database.url);
  await using executor = executorOn(proxy.url, { 'V1_a.sql': text });
  let counted = 0;
  executor.on('step-started', () => void proxy.messages());
  executor.on('step-finished', () => (counted = proxy.messages()));
  expect((await executor.migrate()).errors).toEqual([]);
  expect(counted).toBe(messages);
  expect((await executor.verify()).problems).toEqual([]);
});

test.each([
  ['in one message', 'INSERT INTO t VALUES (1);', {}],
  ['in several', "INSERT INTO t VALUES (1); SELECT set_config('my.own', '1', false);", {}],
  ['behind another', 'INSERT INTO t VALUES (1);', { 'V1_before.sql': 'CREATE TABLE before (x int);' }],
])('a migration whose record is refused leaves nothing: %s', async (_, text, more) => {
  await using place = await playground();
  await using first = executorOn(place.database.url, { 'V0_t.sql': 'CREATE TABLE t (x int);' });
  await first.migrate();
  await place.database.query(
    "CREATE FUNCTION refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN IF NEW.id = '2' AND NEW.action = 'applied' THEN RAISE EXCEPTION 'no'; END IF; RETURN NEW; END $$",
    'CREATE TRIGGER refuse BEFORE INSERT ON schema_version_event FOR EACH ROW EXECUTE FUNCTION refuse()',
  );
  await using executor = executorOn(place.database.url, {
    'V0_t.sql': 'CREATE TABLE t (x int);',
    ...more,
    'V2_rows.sql': text,
  });
  const { failed, errors } = await executor.migrate();
  expect(failed?.id).toBe('2');
  expect(errors).toHaveLength(1);
  expect(await place.database.query('SELECT x FROM t')).toEqual([]);
  expect(await place.database.query("SELECT state FROM schema_version WHERE id = '2'")).toEqual([{ state: 'failed' }]);
});

test.each([
  ['CREATE TABLE a (x int);\n\nSELECT 1; SELECT nope; SELECT 2;', 3],
  ['CREATE TABLE a (x int);\nSELECT 1;\nCREATE TABLE b (y int', 3],
  ['SELECT 1 / 0; SELECT 1;', 1],
])('the statement that fails in %j is told by its number', async (text, wanted) => {
  await using place = await playground();
  await using executor = executorOn(place.database.url, { 'V1_a.sql': text });
  const told: (number | null)[] = [];
  executor.on('step-failed', ({ statement }) => void told.push(statement));
  expect((await executor.migrate()).success).toBe(false);
  expect(told).toEqual([wanted]);
});

test('what goes out with its record is recorded with the time at which it ended', async () => {
  await using place = await playground();
  await using executor = executorOn(place.database.url, {
    'V1_slow.sql': 'CREATE TABLE a (x int); INSERT INTO a SELECT 1 FROM pg_sleep(0.4);',
  });
  const { errors } = await executor.migrate();
  expect(errors).toEqual([]);
  const [row] = await place.database.query(
    'SELECT (h.finished_at - h.started_at)::int AS spent, h.duration_ms::int AS told, (e.at - h.started_at)::int AS noted ' +
      "FROM schema_version h JOIN schema_version_event e ON e.id = h.id AND e.action = 'applied'",
  );
  expect(row?.['spent']).toBeGreaterThanOrEqual(390);
  expect(row?.['told']).toBeGreaterThanOrEqual(390);
  expect(row?.['noted']).toBeGreaterThanOrEqual(390);
  expect((await executor.verify()).problems).toEqual([]);
});

test('F71 who is in the way of a statement that waits late is named', async () => {
  await using place = await playground();
  await place.database.query('CREATE TABLE busy (x int)', 'CREATE TABLE held (x int)');
  await using executor = new MigrationScriptExecutor<PgClient>({
    adapter: postgres({ url: place.database.url, lockRetries: 0 }),
    migrations: fromModules({
      'V1_a.sql': 'INSERT INTO busy SELECT 1 FROM pg_sleep(1);\nINSERT INTO held VALUES (1);',
    }),
    timeouts: { lockMs: 600 },
  });
  const running = executor.migrate();
  await until(place, "EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event = 'PgSleep')");
  const holder = await holding(place, 'held');
  const [error] = (await running).errors;
  await holder.letGo();
  expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', facts: { place: { line: 2 } } });
  expect(error?.facts['blockers']).toHaveLength(1);
});

test.each(['after', 'before'] as const)(
  'F30 F31 a whole migration in one message that is cut %s it arrived is asked for on another connection',
  async (when) => {
    await using place = await playground();
    await using proxy = await startProxy(place.database.url);
    await using executor = executorOn(proxy.url, { 'V1_a.sql': SCRIPT });
    executor.on('step-started', () => proxy.cutAt('INSERT INTO a', when));
    const { errors, executed } = await executor.migrate();
    // What comes after it finds no connection.
    expect(executed.map(({ name }) => name)).toEqual(when === 'after' ? ['a'] : []);
    expect(errors.map(({ code, facts }) => [code, facts['commit']])).toEqual(
      when === 'after' ? [] : [['CONNECTION', undefined]],
    );
    const made = await place.database.query("SELECT to_regclass('b') IS NOT NULL AS made");
    expect(made).toEqual([{ made: when === 'after' }]);
    await using next = executorOn(place.database.url, { 'V1_a.sql': SCRIPT });
    expect((await next.migrate()).executed).toHaveLength(when === 'after' ? 0 : 1);
    expect((await next.verify()).problems).toEqual([]);
  },
);

test('F13 a migration whose lock was taken away while it waited leaves nothing', async () => {
  await using place = await playground();
  await place.database.query('CREATE TABLE busy (x int)');
  await using executor = executorOn(place.database.url, { 'V1_a.sql': `${SCRIPT} INSERT INTO busy VALUES (1);` });
  const holder = await holding(place, 'busy');
  const run = executor.migrate();
  await until(place, "EXISTS (SELECT 1 FROM pg_locks WHERE NOT granted AND relation = 'busy'::regclass)");
  await (await place.open()).lock.break({ fence: false });
  await holder.letGo();
  expect((await run).errors[0]).toMatchObject({ code: 'LOCK_LOST' });
  expect(
    await place.database.query("SELECT to_regclass('a') AS a, (SELECT count(*)::int FROM schema_version) AS rows"),
  ).toEqual([{ a: null, rows: 0 }]);
});

test('a constraint that is checked at the end fails the migration and not the tool', async () => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  await session.history.init();
  await runScript(
    session,
    'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);',
  );
  expect(await failureOf(runScript(session, 'INSERT INTO c VALUES (7);'))).toMatchObject({
    code: 'STATEMENT_FAILED',
    facts: { serverCode: '23503' },
  });
});
