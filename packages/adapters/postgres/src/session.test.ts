import { setTimeout as sleep } from 'node:timers/promises';
import { Client, Pool } from 'pg';
import { expect, test } from 'vitest';
import { executorOn, until } from './fixtures/places.ts';
import { failureOf, playground, runScript, take } from './fixtures/playground.ts';
import { startProxy } from './fixtures/proxy.ts';

const line = { at: 1, runId: 'run-1', actor: 'tester', action: 'applied', id: '1', detail: null };

test('looking at a database that nobody has migrated makes nothing, and nothing that the server logs as an error', async () => {
  await using place = await playground();
  // Each way to look ends a session, which the server has counted by the time that it is gone.
  for (const schema of [null, 'public', 'no schema "%I" of $1']) {
    const session = await place.open(undefined, { readOnly: true, schema });
    expect(await session.history.read()).toEqual({ exists: false, entries: [] });
    expect(await session.lock.holder()).toBeNull();
    expect(await session.history.load('1')).toBeNull();
    expect(await session.history.events(null)).toEqual([]);
    await session.close();
  }
  await until(
    place,
    'NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE datname = current_database() AND pid <> pg_backend_pid())',
  );
  expect(
    await place.database.query("SELECT count(*)::int AS n FROM pg_class WHERE relname LIKE 'schema_version%'"),
  ).toEqual([{ n: 0 }]);
  const [failed] = await place.database.query(
    'SELECT xact_rollback::int AS transactions, (sessions > 3) AS counted FROM pg_stat_database WHERE datname = current_database()',
  );
  expect(failed).toEqual({ transactions: 0, counted: true });
});

test.each([0, 1])('looking takes one round trip, also where %i migrations are applied', async (count) => {
  await using place = await playground();
  await using executor = executorOn(place.database.url, { count });
  if (count > 0) await executor.migrate();
  await using proxy = await startProxy(place.database.url);
  const session = await place.open({ url: proxy.url }, { readOnly: true });
  proxy.messages();
  expect((await session.history.read()).entries).toHaveLength(count);
  expect(proxy.messages()).toBe(1);
});

test('without PL/pgSQL the history is read all the same', async () => {
  await using place = await playground();
  await using executor = executorOn(place.database.url, { count: 2 });
  expect((await executor.migrate()).errors).toEqual([]);
  await place.database.query('DROP EXTENSION plpgsql');
  const session = await place.open(undefined, { readOnly: true });
  expect((await session.history.read()).entries.map(({ id }) => id)).toEqual(['1', '2']);
});

test('F34 what a migration sets is gone at the next, and Detent finds its tables all the same', async () => {
  await using place = await playground();
  const session = await place.open();
  const lease = await take(session);
  await session.history.init();
  await place.database.query('CREATE ROLE detent_nobody').catch(() => undefined);
  const statements = [
    "SELECT pg_catalog.set_config('search_path', '', false)",
    'SET ROLE detent_nobody',
    "SET TIME ZONE 'Asia/Tokyo'",
    'SET statement_timeout = 1',
  ].map((text) => ({
    text,
    line: 1,
    column: 1,
    kind: 'session' as const,
    transactional: true,
    destroys: null,
    leaves: null,
    effect: null,
  }));
  await session.transaction({ statements }, async () => {
    await session.execute(statements.slice(0, 3), 'f.sql');
    await session.history.append(line);
  });
  await session.history.append(line);
  await session.reset();
  const [row] = (
    await session.db.query(
      "SELECT current_setting('search_path') AS path, current_user::text AS me, current_setting('TimeZone') AS zone, current_setting('lock_timeout') AS lock",
    )
  ).rows;
  expect(row).toEqual({ path: '"$user", public', me: 'postgres', zone: 'UTC', lock: '2s' });
  expect(await session.history.events(null)).toHaveLength(2);
  await lease.assert();
});

test('a temporary table of one migration is not there for the next', async () => {
  await using place = await playground();
  const session = await place.open();
  await runScript(session, 'CREATE TEMP TABLE t (x int);');
  await session.reset();
  expect(await session.sql`SELECT to_regclass('t') AS t`).toEqual([{ t: null }]);
});

test('a client that was lent is given back open and as it was', async () => {
  await using place = await playground();
  const client = new Client({ connectionString: place.database.url });
  await client.connect();
  await client.query("SET application_name = 'mine'; SET statement_timeout = '7s'; CREATE TEMP TABLE kept (x int)");
  const session = await place.open({ client });
  await take(session);
  await session.history.init();
  await runScript(session, "SET search_path = ''; CREATE TABLE public.t (x int);");
  await session.reset();
  await session.close();
  const { rows } = await client.query(
    "SELECT current_setting('application_name') AS name, current_setting('statement_timeout') AS timeout, current_setting('search_path') AS path, to_regclass('kept') IS NOT NULL AS kept",
  );
  expect(rows).toEqual([{ name: 'mine', timeout: '7s', path: '"$user", public', kept: true }]);
  expect(
    (
      await client.query(
        "SELECT count(*)::int AS n FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()",
      )
    ).rows,
  ).toEqual([{ n: 0 }]);
  await client.end();
});

test('a client of a pool that only looked goes back to it, and one that wrote does not', async () => {
  await using place = await playground();
  const pool = new Pool({ connectionString: place.database.url, max: 1 });
  const looking = await place.open({ pool }, { readOnly: true });
  await looking.history.read();
  await looking.close();
  const pidOf = async (): Promise<unknown> => (await pool.query('SELECT pg_backend_pid() AS pid')).rows[0];
  const before = await pidOf();
  expect(await pidOf()).toEqual(before);
  const writing = await place.open({ pool });
  await runScript(writing, "SET search_path = '';");
  await writing.close();
  expect(await pidOf()).not.toEqual(before);
  await pool.end();
});

test('F111 a client of a pool that comes too late goes back to it', async () => {
  await using place = await playground();
  const pool = new Pool({ connectionString: place.database.url, max: 1 });
  const busy = await pool.connect();
  expect(await failureOf(place.open({ pool }, { connectTimeoutMs: 100 }))).toMatchObject({ code: 'CONNECTION' });
  busy.release();
  while (pool.waitingCount > 0 || pool.idleCount < pool.totalCount) await sleep(5);
  expect([pool.totalCount, pool.idleCount, pool.waitingCount]).toEqual([1, 1, 0]);
  await pool.end();
});

test('a client in the middle of a transaction is refused', async () => {
  await using place = await playground();
  const client = new Client({ connectionString: place.database.url });
  await client.connect();
  await client.query('BEGIN');
  await expect(place.open({ client })).rejects.toMatchObject({ code: 'CONFIG' });
  await client.end();
});

test('F98 no error and no printed object shows the password', async () => {
  await using place = await playground();
  const url = new URL(place.database.url);
  url.password = 'sehr-geheim';
  url.port = '1';
  const failure = await failureOf(place.open({ url: url.href }));
  const { inspect } = await import('node:util');
  expect(failure).toMatchObject({ code: 'CONNECTION' });
  expect(inspect(failure, { depth: 9, showHidden: true })).not.toContain('sehr-geheim');
  expect(JSON.stringify(failure)).not.toContain('sehr-geheim');
  expect(await failureOf(place.open({ url: 'postgres://u:sehr-geheim@h:x/d' }))).toMatchObject({ code: 'CONFIG' });
});

test('a database that is not there is a connection that does not come about, with a hint', async () => {
  await using place = await playground();
  const url = new URL(place.database.url);
  url.pathname = '/no_such_database';
  expect(await failureOf(place.open({ url: url.href }))).toMatchObject({
    code: 'CONNECTION',
    facts: { serverCode: '3D000' },
    hint: expect.stringContaining('Create') as string,
  });
});

test('the facts for doctor say what is at the other end', async () => {
  await using place = await playground();
  const session = await place.open(undefined, { readOnly: true });
  await session.lock.holder();
  const facts = new Map(session.server.facts.map(({ name, value, level }) => [name, [value, level]]));
  expect(session.server.version).toMatch(/^18/);
  expect(facts.get('pooler')).toEqual(['none', 'ok']);
  expect(facts.get('writable')).toEqual(['yes', 'ok']);
  expect(facts.get('privileges')?.[1]).toBe('ok');
});

test('a schema for the history is made when it is not there, and used by name', async () => {
  await using place = await playground();
  const session = await place.open(undefined, { schema: 'book keeping' });
  expect((await session.history.read()).exists).toBe(false);
  await take(session);
  await session.history.init();
  await session.history.append(line);
  expect(await place.database.query('SELECT count(*)::int AS n FROM "book keeping".schema_version_event')).toEqual([
    { n: 1 },
  ]);
  const other = await place.open();
  expect((await other.history.read()).exists).toBe(false);
});

test('F19 a statement that runs on for a dead client ends with it, and its lock with that', async () => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  const sleeping = failureOf(
    session.execute(
      [
        {
          text: 'SELECT pg_sleep(60)',
          line: 1,
          column: 1,
          kind: 'query',
          transactional: true,
          destroys: null,
          leaves: null,
          effect: null,
        },
      ],
      'f.sql',
    ),
  );
  await sleep(200);
  const { stream } = (session.db as unknown as { connection: { stream: { destroy(): void } } }).connection;
  stream.destroy();
  await sleeping;
  const next = await place.open();
  let attempt = await next.lock.tryAcquire({ runId: 'next', username: 'u', host: 'h', pid: 1 });
  while (attempt.kind === 'held') {
    await sleep(50);
    attempt = await next.lock.tryAcquire({ runId: 'next', username: 'u', host: 'h', pid: 1 });
  }
  expect(attempt.kind).toBe('acquired');
});
