import { setTimeout as sleep } from 'node:timers/promises';
import type { MigrationResult } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { runSettling } from './by-hand.ts';
import type { JobReport } from './child.ts';
import { idOf, type Draft, type Op } from './draft.ts';
import { startRunner } from './process.ts';
import { statesOf } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References, type Tampering, type Workplace } from './workplace.ts';

const DRAFTS: readonly Draft[] = ['a', 'b', 'c', 'd', 'e', 'f'].map((table, index) => ({
  version: String(index + 1),
  form: index % 2 === 0 ? 'script' : 'code',
  up: [
    { kind: 'create', table },
    { kind: 'insert', table, id: 1 },
  ],
  down: [{ kind: 'drop', table }],
}));
const EVERYTHING: readonly Op[] = DRAFTS.flatMap(({ up }) => up);

/** Starts `count` processes at one time where the first `before` migrations stand, and gives what went wrong. */
async function raceOnce<Db>(
  target: ConformanceTarget<Db>,
  references: References<Db>,
  { count, before }: { readonly count: number; readonly before: number },
): Promise<string[]> {
  await using place = await openWorkplace(target);
  const { module } = target;
  const { url } = place.database;
  if (before > 0) {
    const { errors } = await place.executor(DRAFTS.slice(0, before)).migrate();
    if (errors.length > 0) return errors.map(({ message }) => message);
  }
  const runners = Array.from({ length: count }, () =>
    startRunner({ module, url, folder: place.folder, drafts: DRAFTS, waits: true }),
  );
  await Promise.all(runners.map((runner) => runner.said('ready')));
  for (const runner of runners) runner.poke();
  const reports = await Promise.all(runners.map((runner) => runner.ended()));
  return [...raceFlaws(reports, before), ...(await endFlaws(place, references))];
}

function raceFlaws(reports: readonly (JobReport | null)[], before = 0): string[] {
  const flaws: string[] = [];
  const times = new Map<string, number>();
  for (const report of reports) {
    if (report?.success !== true) flaws.push(`a process failed: ${JSON.stringify(report?.errors ?? 'killed')}`);
    for (const id of report?.executed ?? []) times.set(id, (times.get(id) ?? 0) + 1);
  }
  for (const [index, draft] of DRAFTS.entries()) {
    const ran = times.get(idOf(draft)) ?? 0;
    if (ran !== (index < before ? 0 : 1)) flaws.push(`${idOf(draft)} ran ${ran} times`);
  }
  return flaws;
}

/** Everything is applied, plainly seen; the ledger is whole; the lock is free. */
async function endFlaws<Db>(place: Workplace<Db>, references: References<Db>): Promise<string[]> {
  const flaws: string[] = [];
  const states = Object.values(await statesOf(place));
  if (states.length !== DRAFTS.length || states.some((state) => state !== 'applied'))
    flaws.push(`the history says ${states.join(', ')}`);
  if ((await place.database.digest()) !== (await references.digestOf(EVERYTHING)))
    flaws.push('schema or rows are others');
  const executor = place.executor(DRAFTS);
  const { problems } = await executor.verify();
  const { holder } = await executor.inspect();
  await executor.close();
  if (holder !== null) flaws.push('the lock was not given back');
  return [...flaws, ...problems.map(({ code, message }) => `${code}: ${message}`)];
}

/**
 * Two runners in this process, the second begun while the first is in the middle of its first migration. Gives what
 * went wrong; needs no processes, so that an adapter which is broken on purpose can be seen to fail.
 */
export async function raceInProcess<Db>(target: ConformanceTarget<Db>, tamper?: Tampering<Db>): Promise<string[]> {
  await using place = await openWorkplace(target, tamper);
  const lock = { onHeld: 'wait', waitMs: 30_000 } as const;
  const second = place.executor(DRAFTS, { lock });
  let secondRun: Promise<MigrationResult> | undefined;
  const begin = async (): Promise<void> => {
    if (secondRun !== undefined) return;
    secondRun = second.migrate();
    await sleep(200);
  };
  const first = place.executor(DRAFTS, {
    lock,
    hooks: { beforeEach: ({ step }) => (step.id === '2' ? begin() : undefined) },
  });
  const results = [await first.migrate(), await (secondRun ?? second.migrate())];
  const reports = results.map(({ success, executed, errors }) => ({
    success,
    exit: 0,
    executed: executed.map(({ id }) => id),
    errors: errors.map(({ code, message }) => ({ code, message })),
    calls: 0,
  }));
  return [...raceFlaws(reports), ...(await endFlaws(place, new References(target)))];
}

/** A holder that was stopped, lost its lock to another run and then wakes up. */
async function frozenHolderFlaws<Db>(target: ConformanceTarget<Db>, pauseAt: string): Promise<string[]> {
  await using place = await openWorkplace(target);
  const { database, folder } = place;
  const runner = startRunner({ module: target.module, url: database.url, folder, drafts: DRAFTS, pauseAt });
  await runner.said('paused');
  runner.process.kill('SIGSTOP');
  const executor = place.executor(DRAFTS);
  const removed = await executor.unlock({ fence: true });
  const result = await executor.migrate();
  await executor.close();
  const flaws = result.success
    ? []
    : [`the run that took over failed: ${result.errors.map(({ message }) => message).join(' ')}`];
  if (removed?.pid !== runner.process.pid)
    flaws.push(`unlock named process ${removed?.pid}, not ${runner.process.pid}`);
  const before = [await database.digest(), await database.bookkeeping()];
  runner.process.kill('SIGCONT');
  runner.poke();
  const report = await runner.ended();
  const after = [await database.digest(), await database.bookkeeping()];
  if (JSON.stringify(before) !== JSON.stringify(after)) flaws.push('the holder wrote after it had lost the lock');
  const foundNothingToDo = report?.success === true && report.executed.length === 0;
  if (!foundNothingToDo && report?.exit !== 75 && report?.exit !== 69)
    flaws.push(`the holder ended with ${JSON.stringify(report)}`);
  return [...flaws, ...(await endFlaws(place, new References(target)))];
}

/** A holder that is killed while it holds the lock, in the middle of `pauseAt`. */
async function killedHolderFlaws<Db>(target: ConformanceTarget<Db>, pauseAt: string): Promise<string[]> {
  await using place = await openWorkplace(target);
  const runner = startRunner({
    module: target.module,
    url: place.database.url,
    folder: place.folder,
    drafts: DRAFTS,
    pauseAt,
  });
  await runner.said('paused');
  runner.process.kill('SIGKILL');
  await runner.ended();
  const executor = place.executor(DRAFTS, { lock: { onHeld: 'wait', waitMs: 30_000 } });
  const { result, flaws } = await runSettling(place, executor, DRAFTS, () => executor.migrate());
  await executor.close();
  const errors = result.errors.map(({ message }) => message);
  return [...flaws, ...errors, ...(await endFlaws(place, new References(target)))];
}

export interface RaceOptions {
  readonly processes: number;
  /** On a database where there is nothing yet, and as many where there is a history. */
  readonly rounds: number;
}

export function describeLockRace<Db>(target: ConformanceTarget<Db>, { processes, rounds }: RaceOptions): void {
  describe('the lock', () => {
    if (target.limits?.processes === undefined) describeProcesses(target, { processes, rounds });
    describeSessions(target);
  });
}

function describeProcesses<Db>(target: ConformanceTarget<Db>, { processes, rounds }: RaceOptions): void {
  const patient = { timeout: 1_800_000 };
  test.each([
    { what: 'where there is nothing yet', before: 0 },
    { what: 'where there is a history', before: 2 },
  ])(
    `F07 F09 F20 F92 ${processes} processes at one time apply each migration exactly once, $what, ${rounds} times over`,
    patient,
    async ({ before }) => {
      const references = new References(target);
      for (let round = 1; round <= rounds; round += 1) {
        const flaws = await raceOnce(target, references, { count: processes, before });
        expect(flaws.map((flaw) => `round ${round}: ${flaw}`)).toEqual([]);
      }
    },
  );

  test.each(['before a transaction', 'after a transaction', 'before the command insert'])(
    'F04 F05 a killed runner leaves no lock, killed %s',
    patient,
    async (pauseAt) => {
      expect(await killedHolderFlaws(target, pauseAt)).toEqual([]);
    },
  );

  test.each(['before a transaction', 'after the reset', 'after making the tables'])(
    'F13 a frozen holder that wakes after a takeover writes nothing, frozen %s',
    patient,
    async (pauseAt) => {
      expect(await frozenHolderFlaws(target, pauseAt)).toEqual([]);
    },
  );
}

function describeSessions<Db>(target: ConformanceTarget<Db>): void {
  test('F18 F111 two runners in one process wait for each other', async () => {
    expect(await raceInProcess(target)).toEqual([]);
  });

  test('F10 who may not wait is told who holds the lock, and exits with 3', async () => {
    await using place = await openWorkplace(target);
    const session = await place.open();
    const attempt = await session.lock.tryAcquire({
      runId: 'other',
      username: 'somebody',
      host: 'elsewhere',
      pid: process.pid,
    });
    expect(attempt.kind).toBe('acquired');
    const failing = await place.executor(DRAFTS, { lock: { onHeld: 'fail' } }).migrate();
    expect(failing.errors.map(({ code }) => code)).toEqual(['LOCK_HELD']);
    expect(failing.errors[0]?.message).toContain('somebody');
    const skipping = await place.executor(DRAFTS, { lock: { onHeld: 'skip' } }).migrate();
    expect(skipping).toMatchObject({ success: true, executed: [] });
    expect(await place.database.digest()).toBe(await new References(target).digestOf([]));
    if (attempt.kind === 'acquired') await attempt.lease[Symbol.asyncDispose]();
    await session.close();
  });

  test('each token is higher than the one before', async () => {
    await using place = await openWorkplace(target);
    const session = await place.open();
    const tokens: number[] = [];
    for (let round = 0; round < 4; round += 1) {
      const attempt = await session.lock.tryAcquire({
        runId: `run-${round}`,
        username: 'u',
        host: 'h',
        pid: process.pid,
      });
      if (attempt.kind === 'held') throw new Error('The lock was not given back.');
      tokens.push(attempt.lease.token);
      await attempt.lease.assert();
      await attempt.lease[Symbol.asyncDispose]();
    }
    expect(tokens).toEqual([...new Set(tokens)].toSorted((a, b) => a - b));
    await session.close();
  });

  test('a lock that was broken is void for its holder', async () => {
    await using place = await openWorkplace(target);
    const [holder, breaker] = [await place.open(), await place.open()];
    const attempt = await holder.lock.tryAcquire({ runId: 'first', username: 'u', host: 'h', pid: process.pid });
    if (attempt.kind === 'held') throw new Error('The lock was held.');
    await holder.history.init();
    expect(await breaker.lock.holder()).toMatchObject({ runId: 'first', username: 'u' });
    expect(await breaker.lock.break({ fence: false })).toMatchObject({ runId: 'first' });
    expect(await breaker.lock.break({ fence: false })).toBeNull();
    await expect(attempt.lease.assert()).rejects.toMatchObject({ code: 'LOCK_LOST' });
    const line = { at: 1, runId: 'first', actor: 'u', action: 'started', id: null, detail: null };
    await expect(holder.transaction({ statements: [] }, () => holder.history.append(line))).rejects.toMatchObject({
      code: 'LOCK_LOST',
    });
    expect(await breaker.history.events(null)).toEqual([]);
    await sleep(0);
    await holder.close();
    await breaker.close();
  });
}
