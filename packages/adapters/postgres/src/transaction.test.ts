import { setTimeout as sleep } from 'node:timers/promises';
import { expect, test } from 'vitest';
import { until } from './fixtures/places.ts';
import { failureOf, playground, runScript, take } from './fixtures/playground.ts';
import { startProxy } from './fixtures/proxy.ts';

const line = { at: 1, runId: 'run-1', actor: 'tester', action: 'applied', id: '1', detail: null };

test('a script and its record take two round trips, whatever the number of its statements', async () => {
  await using place = await playground();
  await using proxy = await startProxy(place.database.url);
  const session = await place.open({ url: proxy.url });
  await take(session);
  await session.history.init();
  await session.history.append(line);
  const up = ['CREATE TABLE a (x int)', 'INSERT INTO a VALUES (1)', 'CREATE TABLE b (y int)'].map((text, index) => ({
    text,
    line: index + 1,
    column: 1,
    kind: 'ddl' as const,
    transactional: true,
    destroys: null,
    leaves: null,
    effect: null,
  }));
  proxy.messages();
  await session.transaction({ statements: up }, async () => {
    await session.execute(up, 'V1_x.sql');
    await session.history.append(line);
  });
  expect(proxy.messages()).toBe(2);
  await session.transaction({ statements: [] }, () => session.history.append(line));
  expect(proxy.messages()).toBe(1);
  await session.reset();
  expect(proxy.messages()).toBe(0);
});

test('F30 F31 a COMMIT whose answer is lost is asked for on another connection and never sent again', async () => {
  await using place = await playground();
  await using proxy = await startProxy(place.database.url);
  const session = await place.open({ url: proxy.url });
  await take(session);
  await session.history.init();
  proxy.cutAt('COMMIT', 'after');
  await session.transaction({ statements: [] }, async () => {
    await session.execute(
      [
        {
          text: 'CREATE TABLE a (x int)',
          line: 1,
          column: 1,
          kind: 'ddl',
          transactional: true,
          destroys: null,
          leaves: null,
          effect: null,
        },
      ],
      'f',
    );
    await session.history.append(line);
  });
  expect(
    await place.database.query(
      "SELECT to_regclass('a') IS NOT NULL AS made, (SELECT count(*)::int FROM schema_version_event) AS lines",
    ),
  ).toEqual([{ made: true, lines: 1 }]);
  await expect(session.history.read()).rejects.toMatchObject({ code: 'CONNECTION' });
});

test('F30 a COMMIT that never arrived is known to have changed nothing', async () => {
  await using place = await playground();
  await using proxy = await startProxy(place.database.url);
  const session = await place.open({ url: proxy.url });
  await take(session);
  await session.history.init();
  proxy.cutAt('COMMIT', 'before');
  const failure = await failureOf(
    session.transaction({ statements: [] }, async () => {
      await session.execute(
        [
          {
            text: 'CREATE TABLE a (x int)',
            line: 1,
            column: 1,
            kind: 'ddl',
            transactional: true,
            destroys: null,
            leaves: null,
            effect: null,
          },
        ],
        'f',
      );
      await session.history.append(line);
    }),
  );
  expect(failure).toMatchObject({ code: 'CONNECTION', facts: {} });
  expect((failure as { facts: object }).facts).not.toHaveProperty('commit');
  expect(await place.database.query("SELECT to_regclass('a') AS made")).toEqual([{ made: null }]);
});

test('F32 a COMMIT that code hides behind another BEGIN is noticed', async () => {
  await using place = await playground();
  const session = await place.open();
  const work = session.transaction({ statements: null }, async () => {
    await session.db.query('CREATE TABLE half (x int); COMMIT; BEGIN; CREATE TABLE rest (x int)');
  });
  await expect(work).rejects.toMatchObject({ code: 'TRANSACTION_ENDED' });
  expect(
    await place.database.query("SELECT to_regclass('half') IS NOT NULL AS half, to_regclass('rest') AS rest"),
  ).toEqual([{ half: true, rest: null }]);
});

test('an error that code swallows does not commit the rest in silence', async () => {
  await using place = await playground();
  const session = await place.open();
  const work = session.transaction({ statements: null }, async () => {
    await session.db.query('CREATE TABLE a (x int)');
    await session.db.query('SELECT * FROM nowhere').catch(() => undefined);
  });
  await expect(work).rejects.toMatchObject({ code: 'SCRIPT_FAILED' });
  expect(await place.database.query("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
});

test('a constraint that is checked at the end fails the migration and not the tool', async () => {
  await using place = await playground();
  const session = await place.open();
  await runScript(
    session,
    'CREATE TABLE p (id int PRIMARY KEY); CREATE TABLE c (p int REFERENCES p DEFERRABLE INITIALLY DEFERRED);',
  );
  await expect(runScript(session, 'INSERT INTO c VALUES (7);')).rejects.toMatchObject({
    code: 'STATEMENT_FAILED',
    facts: { serverCode: '23503' },
  });
});

test('F69 F71 a lock that is not free in time is tried again, and then names who has it', async () => {
  await using place = await playground();
  await place.database.query('CREATE TABLE busy (x int)');
  const holder = await place.open();
  let release = (): void => undefined;
  const held = holder.transaction({ statements: null }, async () => {
    await holder.db.query('SELECT * FROM busy');
    await new Promise<void>((resolve) => (release = resolve));
  });
  await until(place, "EXISTS (SELECT 1 FROM pg_locks WHERE granted AND relation = 'busy'::regclass)");
  const session = await place.open({ url: place.database.url, lockRetries: 1 }, { lockTimeoutMs: 200 });
  const failure = await failureOf(runScript(session, 'CREATE TABLE first (x int);\nALTER TABLE busy ADD y int;'));
  expect(failure).toMatchObject({ code: 'LOCK_TIMEOUT', facts: { place: { line: 2 }, serverCode: '55P03' } });
  expect((failure as Error).message).toContain('detent');
  expect((failure as { facts: { blockers: readonly string[] } }).facts.blockers).toHaveLength(1);
  const patient = await place.open({ url: place.database.url }, { lockTimeoutMs: 150 });
  const running = runScript(patient, 'CREATE TABLE first (x int);\nALTER TABLE busy ADD y int;');
  await sleep(500);
  release();
  await held;
  await running;
  expect(await place.database.query("SELECT to_regclass('first') IS NOT NULL AS made")).toEqual([{ made: true }]);
});

test('a statement that runs is cancelled by the signal, and its transaction is taken back', async () => {
  await using place = await playground();
  const session = await place.open();
  const stop = new AbortController();
  const up = ['CREATE TABLE a (x int)', 'SELECT pg_sleep(30)'].map((text, index) => ({
    text,
    line: index + 1,
    column: 1,
    kind: 'query' as const,
    transactional: true,
    destroys: null,
    leaves: null,
    effect: null,
  }));
  setTimeout(() => stop.abort(), 200);
  const work = session.transaction({ statements: up }, async () => {
    await session.execute(up, 'f.sql', { signal: stop.signal, done: () => undefined });
  });
  // It would sleep longer than a test may take.
  await expect(work).rejects.toMatchObject({ code: 'CANCELLED' });
  expect(await place.database.query("SELECT to_regclass('a') AS a")).toEqual([{ a: null }]);
});
