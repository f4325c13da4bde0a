import { setTimeout as sleep } from 'node:timers/promises';
import { Client } from 'pg';
import { expect, test } from 'vitest';
import { BUILDING, executorOn, openPlace, until } from './fixtures/places.ts';
import { figure, sized } from '@detent/tests/size';

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
    await sleep(100);
    const built = await holder.query(BUILD).then(
      () => 'built',
      (error: unknown) => String(error),
    );
    await holder.end();
    expect([built, await waited].join(' ')).toContain('deadlock detected');
    await waiter.end();
  },
);
