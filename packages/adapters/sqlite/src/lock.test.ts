import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, test } from 'vitest';
import { DRIVERS, owner, Playground, rows, run, take } from './harness.ts';
import { startRunner } from './runners.ts';

describe.each(DRIVERS)('%s', (driver) => {
  test('the lock is held by one session at a time, and its token only rises', async () => {
    await using playground = new Playground();
    const [first, second] = [await playground.open({ driver }), await playground.open({ driver })];
    const lease = await take(first, 'run-1');
    expect(await second.lock.tryAcquire(owner('run-2'))).toMatchObject({
      kind: 'held',
      holder: { ...owner('run-1'), token: lease.token },
    });
    expect(await second.lock.holder()).toMatchObject({ runId: 'run-1' });
    await lease[Symbol.asyncDispose]();
    expect(await second.lock.holder()).toBeNull();
    await using next = await take(second, 'run-2');
    expect(next.token).toBe(lease.token + 1);
    await expect(lease.assert()).rejects.toMatchObject({ code: 'LOCK_LOST' });
  });

  test('asking for a lock that is held writes nothing', async () => {
    await using playground = new Playground();
    const [first, second] = [await playground.open({ driver }), await playground.open({ driver })];
    await using lease = await take(first);
    const before = await rows(first, 'PRAGMA data_version');
    for (let turn = 0; turn < 3; turn += 1) await second.lock.tryAcquire(owner('run-2'));
    expect(await rows(first, 'PRAGMA data_version')).toEqual(before);
    await lease.assert();
  });

  test('F13 a holder that was removed writes nothing more', async () => {
    await using playground = new Playground();
    const [first, second] = [await playground.open({ driver }), await playground.open({ driver })];
    await using lease = await take(first, 'run-1');
    await first.history.init();
    expect(await second.lock.break({ fence: true })).toMatchObject({ runId: 'run-1' });
    expect(await second.lock.break({ fence: true })).toBeNull();
    await expect(run(first, 'CREATE TABLE late (x)')).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await expect(lease.assert()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    await using next = await take(second, 'run-2');
    expect(next.token).toBeGreaterThan(lease.token);
    // Giving back a lost lock takes nothing from its new holder.
    await lease[Symbol.asyncDispose]();
    await next.assert();
    expect(await rows(second, "SELECT name FROM sqlite_schema WHERE name = 'late'")).toEqual([]);
  });

  test('a holder on another machine is dead only when it has been silent and writes nothing', async () => {
    await using playground = new Playground();
    const [first, second] = [
      await playground.open({ driver, busyTimeoutMs: 100 }),
      await playground.open({ driver, busyTimeoutMs: 100 }),
    ];
    await take(first, 'run-1');
    const pretend = (ageMs: number): Promise<unknown> =>
      first.sql`UPDATE schema_version_lock SET host = 'elsewhere', process_key = 'another-boot pid:[1] 7', heartbeat = unixepoch('subsec') * 1000 - ${ageMs}`;
    await pretend(10_000);
    expect(await second.lock.tryAcquire(owner('run-2'))).toMatchObject({ kind: 'held' });
    await pretend(60_000);
    first.db.exec('BEGIN IMMEDIATE');
    await expect(second.lock.tryAcquire(owner('run-2'))).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
    first.db.exec('ROLLBACK');
    const attempt = await second.lock.tryAcquire(owner('run-2'));
    expect(attempt.kind).toBe('acquired');
  });
});

test('F20 sixteen processes that start at once on a missing file come in one after the other', async () => {
  await using playground = new Playground();
  const runners = Array.from({ length: 16 }, () => startRunner(playground.file, 'race'));
  expect(await Promise.all(runners.map((runner) => runner.ended()))).toEqual(runners.map(() => ''));
  const session = await playground.open();
  const inside = await rows(session, 'SELECT n, token FROM inside ORDER BY n');
  expect(inside).toEqual(runners.map((_, index) => [index + 1, index + 1]));
  expect(await session.lock.holder()).toBeNull();
}, 60_000);

test('F05 a killed runner leaves no lock', async () => {
  await using playground = new Playground();
  const runner = startRunner(playground.file, 'hold');
  await runner.said('holding');
  const session = await playground.open();
  expect(await session.lock.tryAcquire(owner())).toMatchObject({ kind: 'held', holder: { pid: runner.process.pid } });
  runner.process.kill('SIGKILL');
  await runner.ended();
  await using lease = await take(session);
  expect(lease.token).toBe(2);
}, 30_000);

test('a runner killed in the middle of a transaction leaves neither work nor lock', async () => {
  await using playground = new Playground();
  const runner = startRunner(playground.file, 'work');
  await runner.said('working');
  runner.process.kill('SIGKILL');
  await runner.ended();
  const session = await playground.open();
  await using lease = await take(session);
  expect(lease.token).toBe(2);
  expect(await rows(session, "SELECT name FROM sqlite_schema WHERE name = 'half'")).toEqual([]);
}, 30_000);

test('F13 a runner that was frozen and lost its lock writes nothing when it wakes', async () => {
  await using playground = new Playground();
  const runner = startRunner(playground.file, 'hold');
  await runner.said('holding');
  runner.process.kill('SIGSTOP');
  const session = await playground.open();
  // Frozen is not dead: nobody takes the lock away by himself.
  expect(await session.lock.tryAcquire(owner())).toMatchObject({ kind: 'held' });
  expect(await session.lock.break({ fence: false })).toMatchObject({ pid: runner.process.pid });
  await using lease = await take(session);
  runner.process.kill('SIGCONT');
  runner.poke();
  expect(await runner.ended()).toBe('holding\nLOCK_LOST');
  await lease.assert();
  expect(await rows(session, "SELECT name FROM sqlite_schema WHERE name = 'late'")).toEqual([]);
}, 30_000);

test('a runner frozen in the middle of a transaction is waited for, and finishes', async () => {
  await using playground = new Playground();
  const runner = startRunner(playground.file, 'work');
  await runner.said('working');
  runner.process.kill('SIGSTOP');
  const session = await playground.open({ busyTimeoutMs: 100 });
  await expect(session.lock.break({ fence: false })).rejects.toMatchObject({ code: 'LOCK_TIMEOUT' });
  runner.process.kill('SIGCONT');
  runner.poke();
  await runner.ended();
  await sleep(0);
  expect(await rows(session, "SELECT name FROM sqlite_schema WHERE name = 'half'")).toEqual([['half']]);
}, 30_000);
