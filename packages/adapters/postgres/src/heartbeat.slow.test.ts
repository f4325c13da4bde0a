import { setTimeout as sleep } from 'node:timers/promises';
import { startProxy } from '@detent/tests/servers/proxy';
import { describe, expect, test } from 'vitest';
import { executorOn, flawsOf, openPlace, until, type Place } from './fixtures/places.ts';
import { start } from './fixtures/processes.ts';
import { sized } from '@detent/tests/size';

const LEASE = { leaseMs: 2_000, heartbeatMs: 500 };
const COUNT = 6;
const WAYS = ['directly', 'behind a pooler'] as const;

function urlBy(way: (typeof WAYS)[number], place: Place, skip: (why: string) => never): string {
  return way === 'directly' ? place.database.url : (place.pooledUrl ?? skip('There is no PgBouncer here.'));
}

describe.each(WAYS)('%s', (way) => {
  test(
    'F14 code that keeps the processor for three leases keeps the lock, and whoever waits does nothing twice',
    { timeout: 300_000 },
    async ({ skip }) => {
      for (let round = 0; round < sized(1, 10); round += 1) {
        await using place = await openPlace();
        const url = urlBy(way, place, skip);
        const busy = start({ url, lease: LEASE, count: COUNT, pauses: 'inside', burnsMs: 3 * LEASE.leaseMs });
        await busy.said('paused');
        await using executor = executorOn(url, { count: COUNT, lease: LEASE });
        const waiting = await executor.migrate();
        const report = await busy.ended();
        expect(report).toMatchObject({ exit: 0, errors: [], executed: ['1', '2', '3', '4', '5', '6'] });
        expect(waiting).toMatchObject({ success: true, executed: [], errors: [] });
        expect(await flawsOf(place, COUNT)).toEqual([]);
      }
    },
  );

  test(
    'F14 a hook that keeps the processor for three leases loses the lock at most, and nothing is done twice',
    { timeout: 300_000 },
    async ({ skip }) => {
      for (let round = 0; round < sized(1, 10); round += 1) {
        await using place = await openPlace();
        const url = urlBy(way, place, skip);
        const busy = start({ url, lease: LEASE, count: COUNT, pauses: 'between', burnsMs: 3 * LEASE.leaseMs });
        await busy.said('paused');
        await using executor = executorOn(url, { count: COUNT, lease: LEASE });
        const { errors, executed } = await executor.migrate();
        const report = await busy.ended();
        expect(errors).toEqual([]);
        expect([report?.executed.length, executed.length]).toEqual(way === 'directly' ? [COUNT, 0] : [3, COUNT - 3]);
        expect(report?.exit).toBe(way === 'directly' ? 0 : 75);
        expect(await flawsOf(place, COUNT)).toEqual([]);
      }
    },
  );

  test(
    'F12 F18 a holder whose connection carries nothing any more stops itself with exit 75 before its lease ends',
    { timeout: 60_000 },
    async ({ skip }) => {
      await using place = await openPlace();
      await using proxy = await startProxy(urlBy(way, place, skip));
      const holder = start({ url: proxy.url, lease: LEASE, count: COUNT, pauses: 'between' });
      await holder.said('paused');
      proxy.silence();
      await sleep(LEASE.leaseMs);
      holder.poke();
      const report = await holder.ended();
      expect(report).toMatchObject({ exit: 75, executed: ['1', '2', '3'] });
      expect(report?.errors.map(({ code }) => code)).toEqual(['LOCK_LOST']);
    },
  );
});

test(
  'F18 a statement that waits on a connection which the server has ended is given up, with exit 75',
  { timeout: 60_000 },
  async () => {
    await using place = await openPlace();
    await using proxy = await startProxy(place.database.url);
    const holder = start({ url: proxy.url, lease: LEASE, count: 2, alone: 'SELECT pg_sleep(600)' });
    const sleeper =
      "FROM pg_stat_activity WHERE state = 'active' AND query LIKE '%pg_sleep(600)%' AND pid <> pg_backend_pid()";
    await until(place, `EXISTS (SELECT 1 ${sleeper})`);
    proxy.silence();
    await place.database.query(`SELECT pg_terminate_backend(pid) ${sleeper}`);
    const report = await holder.ended();
    expect(report?.errors.map(({ code }) => code)).toEqual(['LOCK_LOST']);
    expect(report?.executed).toEqual(['1', '2']);
  },
);

test('F11 a holder that has given all advisory locks back is told so before it runs anything alone', async () => {
  await using place = await openPlace();
  const alone = 'CREATE INDEX CONCURRENTLY late ON total (n)';
  await using executor = executorOn(place.database.url, { count: 2, alone });
  const { errors } = await executor.migrate({ to: '2' });
  expect(errors).toEqual([]);
  await using careless = executorOn(place.database.url, { count: 2, alone, hook: 'SELECT pg_advisory_unlock_all()' });
  expect((await careless.migrate()).errors.map(({ code }) => code)).toEqual(['LOCK_LOST']);
  expect(await place.database.query("SELECT 1 FROM pg_class WHERE relname = 'late'")).toEqual([]);
});
