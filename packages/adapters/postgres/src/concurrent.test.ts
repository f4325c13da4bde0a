import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { readConcurrent } from './concurrent.ts';
import { until } from './fixtures/places.ts';
import { failureOf, owner, playground, runScript, take } from './fixtures/playground.ts';

const statementOf = (text: string) =>
  ({
    text,
    line: 1,
    column: 1,
    kind: 'ddl',
    transactional: false,
    destroys: null,
    leaves: null,
    effect: null,
  }) as const;

test.each([
  ['CREATE INDEX CONCURRENTLY i ON t (x)', ['i'], ['t'], false, ' (x)'],
  [
    'create unique index concurrently if not exists "My Index" on only a."T" using btree (x)',
    ['My Index'],
    ['a', 'T'],
    true,
    ' using btree (x)',
  ],
  ['CREATE INDEX CONCURRENTLY /* here */ I ON -- there\n T (x) -- at last', ['i'], ['t'], false, ' (x) -- at last'],
  ["CREATE INDEX CONCURRENTLY ON t (x) WHERE a <> '--'", null, ['t'], false, " (x) WHERE a <> '--'"],
])('%s is a build', (text, name, table, unique, definition) => {
  expect(readConcurrent(text)).toEqual({ kind: 'build', name, table, unique, definition });
});

test.each([
  ['REINDEX INDEX CONCURRENTLY a."I"', 'index', ['a', 'I']],
  ['reindex table concurrently T', 'table', ['t']],
  ['REINDEX (VERBOSE, CONCURRENTLY) TABLE t', 'table', ['t']],
  ['REINDEX (CONCURRENTLY true) SCHEMA s', 'schema', ['s']],
  ['REINDEX DATABASE CONCURRENTLY', 'database', []],
  ['REINDEX SYSTEM CONCURRENTLY app', 'database', []],
])('%s is a rebuild', (text, of, name) => {
  expect(readConcurrent(text)).toEqual({ kind: 'rebuild', of, name });
});

test('DROP INDEX and DETACH PARTITION are read', () => {
  expect(readConcurrent('drop index concurrently if exists a."I" cascade')).toEqual({ kind: 'drop', name: ['a', 'I'] });
  expect(readConcurrent('ALTER TABLE a.p DETACH PARTITION /* ; */ "C" CONCURRENTLY')).toEqual({
    kind: 'detach',
    table: ['a', 'p'],
    partition: ['C'],
  });
});

test.each([
  'CREATE INDEX i ON t (x)',
  'REINDEX TABLE t',
  'REINDEX (CONCURRENTLY off) TABLE t',
  'REINDEX TABLE concurrently_built',
  'DROP INDEX i',
  'ALTER TABLE a DETACH PARTITION b',
])('%s is none of them', (text) => {
  expect(readConcurrent(text)).toBeNull();
});

test('F35 an index that an earlier build left invalid is dropped before the next', async () => {
  await using place = await playground();
  const session = await place.open();
  await runScript(session, 'CREATE TABLE t (x int); INSERT INTO t VALUES (1), (1);');
  const before = await session.fingerprint();
  const build = statementOf('CREATE UNIQUE INDEX CONCURRENTLY IF NOT EXISTS t_x ON t (x)');
  await expect(session.execute([build], 'f.sql')).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
  const valid = (): Promise<unknown> =>
    place.database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 't_x'::regclass");
  expect(await valid()).toEqual([{ indisvalid: false }]);
  expect(await session.fingerprint()).toBe(before);
  await place.database.query('DELETE FROM t');
  await session.execute([build], 'f.sql');
  expect(await valid()).toEqual([{ indisvalid: true }]);
  expect(await session.fingerprint()).not.toBe(before);
  expect(place.notes.join(' ')).toContain('t_x');
});

test('F01 F02 an index is built while starters poll for the lock, and the holder keeps no snapshot meanwhile', async () => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  await session.history.init();
  await session.history.append({ at: 1, runId: 'r', actor: 'a', action: 'x', id: null, detail: null });
  await session.transaction(
    { statements: null },
    async () => void (await session.db.query('CREATE TABLE t AS SELECT $1::int AS x', [1])),
  );
  const pid = Number((await session.db.query('SELECT pg_backend_pid() AS pid')).rows[0]?.['pid']);
  expect(await place.database.query(`SELECT state, backend_xmin FROM pg_stat_activity WHERE pid = ${pid}`)).toEqual([
    { state: 'idle', backend_xmin: null },
  ]);
  let polling = true;
  const waiters = await Promise.all(Array.from({ length: 8 }, () => place.open()));
  const polls = waiters.map(async (waiter) => {
    while (polling) {
      expect((await waiter.lock.tryAcquire(owner('waiter'))).kind).toBe('held');
      await sleep(20);
    }
  });
  await session.execute([statementOf('CREATE INDEX CONCURRENTLY i ON t (x)')], 'f.sql');
  polling = false;
  await Promise.all(polls);
}, 30_000);

test('F36 the limit on waiting for locks does not cut a concurrent build short, and holds again after it', async () => {
  await using place = await playground();
  await place.database.query('CREATE TABLE t (x int)');
  const holder = await place.open();
  let release = (): void => undefined;
  const held = holder.transaction({ statements: null }, async () => {
    await holder.db.query('INSERT INTO t VALUES (1)');
    await new Promise<void>((resolve) => (release = resolve));
  });
  await until(place, "EXISTS (SELECT 1 FROM pg_locks WHERE granted AND relation = 't'::regclass)");
  const session = await place.open(undefined, { lockTimeoutMs: 100 });
  const building = session.execute([statementOf('CREATE INDEX CONCURRENTLY i ON t (x)')], 'f.sql');
  await until(
    place,
    "EXISTS (SELECT 1 FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = current_database() AND query LIKE 'CREATE INDEX%')",
  );
  await sleep(600);
  release();
  await held;
  await building;
  expect((await session.db.query("SELECT current_setting('lock_timeout') AS t")).rows).toEqual([{ t: '100ms' }]);
});

test('F36 a lock_timeout that a file asks for holds inside its transaction', async () => {
  await using place = await playground();
  const session = await place.open();
  await session.limit({ lockMs: 50, statementMs: 60_000 });
  const shown = (): Promise<unknown> =>
    session.db
      .query("SELECT current_setting('lock_timeout') AS l, current_setting('statement_timeout') AS s")
      .then(({ rows }) => rows);
  expect(await shown()).toEqual([{ l: '50ms', s: '1min' }]);
  await session.reset();
  expect(await shown()).toEqual([{ l: '2s', s: '0' }]);
  expect(
    await failureOf(runScript(await place.open(undefined, { statementTimeoutMs: 50 }), 'SELECT pg_sleep(5);')),
  ).toMatchObject({
    code: 'STATEMENT_FAILED',
    hint: expect.stringContaining('statement=') as string,
  });
});
