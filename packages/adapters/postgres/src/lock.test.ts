import { setTimeout as sleep } from 'node:timers/promises';
import { fromModules, type MigrationSession, MigrationScriptExecutor } from '@detent/core';
import { expect, test } from 'vitest';
import type { PgClient } from './driver.ts';
import { until } from './fixtures/places.ts';
import { failureOf, owner, playground, take } from './fixtures/playground.ts';
import { postgres } from './index.ts';

async function pidOf(session: MigrationSession<PgClient>): Promise<number> {
  return Number((await session.db.query('SELECT pg_backend_pid() AS pid')).rows[0]?.['pid']);
}

const sleeping = (pid: number): string =>
  `EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = ${pid} AND query LIKE '%pg_sleep%' AND state = 'active')`;

test('F07 forty starters on an empty database: one gets the lock, and none fails', async () => {
  await using place = await playground();
  const sessions = await Promise.all(Array.from({ length: 40 }, () => place.open()));
  const attempts = await Promise.all(sessions.map((session, index) => session.lock.tryAcquire(owner(`run-${index}`))));
  expect(attempts.filter(({ kind }) => kind === 'acquired')).toHaveLength(1);
}, 30_000);

test('F05 F25 a holder whose session is gone holds nothing', async () => {
  await using place = await playground();
  const [dead, next] = [await place.open(), await place.open()];
  await take(dead, 'dead');
  const pid = await pidOf(dead);
  await dead.db.query('SELECT pg_terminate_backend(pg_backend_pid())').catch(() => undefined);
  await until(place, `NOT EXISTS (SELECT 1 FROM pg_stat_activity WHERE pid = ${pid})`);
  expect(await next.lock.holder()).toBeNull();
  expect((await take(next, 'next')).token).toBeGreaterThan(1);
});

test('F17 the key belongs to one history: another schema, another table, another lock', async () => {
  await using place = await playground();
  const [first, second, third] = [
    await place.open(),
    await place.open(undefined, { table: 'other' }),
    await place.open(undefined, { schema: 'apart' }),
  ];
  await take(first);
  await take(second);
  await take(third);
  expect((await (await place.open()).lock.tryAcquire(owner('late'))).kind).toBe('held');
});

test('F24 a holder in a long statement shows that it lives', async () => {
  await using place = await playground();
  const [holder, waiter] = [await place.open(), await place.open()];
  await take(holder, 'holder');
  const pid = await pidOf(holder);
  const working = failureOf(holder.db.query('SELECT pg_sleep(600)'));
  await until(place, sleeping(pid));
  const heartbeats = new Set<string>();
  for (let poll = 0; poll < 3; poll += 1) {
    heartbeats.add((await waiter.lock.holder())?.heartbeat ?? '');
    await sleep(50);
  }
  expect(heartbeats.size).toBe(3);
  await place.database.query(`SELECT pg_cancel_backend(${pid})`);
  await working;
});

test('F13 F25 unlock with a fence ends the holder in the server before anybody else begins', async () => {
  await using place = await playground();
  const [holder, breaker] = [await place.open(), await place.open()];
  const lease = await take(holder, 'frozen');
  await holder.history.init();
  const pid = await pidOf(holder);
  const working = failureOf(holder.db.query('SELECT pg_sleep(600)'));
  await until(place, sleeping(pid));
  expect(await breaker.lock.break({ fence: true })).toMatchObject({ runId: 'frozen', token: lease.token });
  await take(breaker, 'next');
  expect(await working).toBeInstanceOf(Error);
  const line = { at: 1, runId: 'frozen', actor: 'u', action: 'x', id: null, detail: null };
  expect(await failureOf(holder.history.append(line))).toMatchObject({ code: 'CONNECTION' });
});

test('F06 a session that gives the lock back keeps nothing in the server', async () => {
  await using place = await playground();
  const session = await place.open();
  const lease = await take(session);
  await lease[Symbol.asyncDispose]();
  expect(
    await place.database.query(
      "SELECT count(*)::int AS n FROM pg_locks JOIN pg_database d ON d.oid = database WHERE locktype = 'advisory' AND datname = current_database()",
    ),
  ).toEqual([{ n: 0 }]);
  expect(await session.lock.holder()).toBeNull();
});

test('a session that only looks takes no lock', async () => {
  await using place = await playground();
  const session = await place.open(undefined, { readOnly: true });
  expect(await failureOf(session.lock.tryAcquire(owner()))).toMatchObject({ code: 'READ_ONLY' });
});

test('whoever has to wait loads nothing of what the holder runs', async () => {
  await using place = await playground();
  const working = Promise.withResolvers<void>();
  const release = Promise.withResolvers<void>();
  const loads: string[] = [];
  const executorOf = (name: string): MigrationScriptExecutor => {
    const up = async (): Promise<void> => {
      working.resolve();
      await release.promise;
    };
    const load = (): { readonly up: () => Promise<void> } => {
      loads.push(name);
      return { up };
    };
    const checksums = { 'V1_a.js': `v1:sha256:${'0'.repeat(64)}` };
    const migrations = fromModules({ 'V1_a.js': load }, { checksums });
    return new MigrationScriptExecutor({ adapter: postgres({ url: place.database.url }), migrations });
  };
  const [holder, waiter] = [executorOf('holder'), executorOf('waiter')];
  const first = holder.migrate();
  await working.promise;
  const waiting = new Promise((resolve) => waiter.on('lock-waiting', resolve));
  const second = waiter.migrate();
  await waiting;
  release.resolve();
  expect((await first).executed).toHaveLength(1);
  expect(await second).toMatchObject({ success: true, executed: [], errors: [] });
  expect(loads).toEqual(['holder']);
  await Promise.all([holder.close(), waiter.close()]);
});
