import { setTimeout as sleep } from 'node:timers/promises';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { figure, sized } from '@detent/tests/size';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { BUILDING, executorOn, openPlace, until } from './fixtures/places.ts';
import { postgres, type PgClient } from './index.ts';

const WAITERS = 40;
const RUNS = sized(3, 20);
const BUILD = 'CREATE INDEX CONCURRENTLY built ON big (n)';

async function connected(url: string): Promise<Client> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  return client;
}

test(
  `F01 F02 F36 an index is built while ${WAITERS} starters wait for the lock, ${RUNS} times`,
  { timeout: 600_000 },
  async () => {
    const took: number[] = [];
    for (let run = 0; run < RUNS; run += 1) {
      await using place = await openPlace();
      const { database } = place;
      await database.query('CREATE TABLE big AS SELECT n FROM generate_series(1, 20000) AS n');
      const old = await connected(database.url);
      // The build waits for this one, and everybody for the build.
      await old.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
      await old.query('SELECT count(*) FROM big');
      const executors = Array.from({ length: WAITERS + 1 }, () => executorOn(database.url, { count: 2, alone: BUILD }));
      const from = performance.now();
      const results = Promise.all(executors.map((executor) => executor.migrate()));
      await until(place, BUILDING);
      // Time for all to ask for the lock, again and again.
      await sleep(500);
      expect(await place.database.query(`SELECT ${BUILDING} AS building`)).toEqual([{ building: true }]);
      await old.query('COMMIT');
      await old.end();
      const ends = await results;
      took.push(Math.round(performance.now() - from));
      await Promise.all(executors.map((executor) => executor.close()));
      expect(ends.flatMap(({ errors }) => errors)).toEqual([]);
      expect(ends.flatMap(({ executed }) => executed.map(({ id }) => id)).toSorted()).toEqual(['1', '2', '3']);
      const [index] = await database.query("SELECT indisvalid FROM pg_index WHERE indexrelid = 'built'::regclass");
      expect(index).toEqual({ indisvalid: true });
    }
    figure(`builds with ${WAITERS} waiting: ${took.join(', ')} ms`);
  },
);

test(
  'F01 starters that wait inside the server are killed by the build, which is why Detent asks again and again',
  { timeout: 60_000 },
  async () => {
    await using place = await openPlace();
    const { url } = place.database;
    await place.database.query('CREATE TABLE big AS SELECT n FROM generate_series(1, 1000) AS n');
    const [holder, waiter] = [await connected(url), await connected(url)];
    await holder.query('SELECT pg_advisory_lock(7)');
    const waited = waiter.query('SELECT pg_advisory_lock(7)').then(
      () => 'granted',
      (error: unknown) => String(error),
    );
    await until(place, "EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND NOT granted)");
    const built = await holder.query(BUILD).then(
      () => 'built',
      (error: unknown) => String(error),
    );
    await holder.end();
    expect([built, await waited].join(' ')).toContain('deadlock detected');
    await waiter.end();
  },
);

/** Migrates, and lets go of what is in the way as soon as it is told of that phase. Gives all that was told. */
async function heard(
  url: string,
  script: string,
  { phase: awaited, letGo }: { readonly phase: RegExp; readonly letGo: () => Promise<unknown> },
): Promise<readonly string[]> {
  const migrations = fromModules({ 'V1_build.sql': script });
  await using executor = Object.assign(
    new MigrationScriptExecutor<PgClient>({ adapter: postgres({ url }), migrations }),
    { [Symbol.asyncDispose]: () => executor.close() },
  );
  const told: string[] = [];
  executor.on('statement-advanced', ({ phase, percent, step }) => {
    told.push(`${step.id}: ${phase} ${percent ?? '?'} %`);
    if (awaited.test(phase)) void letGo();
  });
  expect((await executor.migrate()).errors).toEqual([]);
  return told;
}

test('F36 a concurrent build tells how far it is, and whom it waits for', { timeout: 60_000 }, async () => {
  await using place = await openPlace();
  const { database } = place;
  await database.query('CREATE TABLE big AS SELECT n FROM generate_series(1, 1000) AS n');
  const writer = await connected(database.url);
  await writer.query('BEGIN');
  await writer.query('INSERT INTO big VALUES (0)');
  const pid = Number((await writer.query<{ pid: number }>('SELECT pg_backend_pid() AS pid')).rows[0]?.pid);
  const told = await heard(database.url, 'CREATE INDEX CONCURRENTLY big_n ON big (n);', {
    phase: /^waiting for process/,
    letGo: () => writer.end(),
  });
  expect(told).toContain(`1: waiting for process ${pid} of postgres ? %`);
});

test.each(['CREATE INDEX ON big (slowly(n))', 'ALTER TABLE big ADD EXCLUDE USING btree (slowly(n) WITH =)'])(
  'inside a transaction, %s tells what the server does',
  { timeout: 60_000 },
  async (statement) => {
    await using place = await openPlace();
    const { database } = place;
    // Nothing goes on before the lock is given back.
    await database.query(
      'CREATE TABLE big AS SELECT n FROM generate_series(1, 400) AS n',
      `CREATE FUNCTION slowly(n int) RETURNS int LANGUAGE plpgsql IMMUTABLE AS $$ BEGIN
        WHILE EXISTS (SELECT 1 FROM pg_locks WHERE locktype = 'advisory' AND objid = 36) LOOP PERFORM pg_sleep(0.01); END LOOP;
        RETURN n; END $$`,
    );
    const keeper = await connected(database.url);
    await keeper.query('SELECT pg_advisory_lock(36)');
    const told = await heard(database.url, `SELECT 1;\n${statement};`, { phase: /./, letGo: () => keeper.end() });
    expect(told[0]).toMatch(/^1: \w[^%]* (?:\d+|\?) %$/);
  },
);
