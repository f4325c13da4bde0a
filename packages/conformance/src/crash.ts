import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode, MigrationResult } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { expectNone } from './deviations.ts';
import { idOf, type Draft, type Op } from './draft.ts';
import type { Scenario } from './expected.ts';
import { inParallel, startRunner } from './process.ts';
import { statesOf, STRATEGIES } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References, type Tampering, type Workplace } from './workplace.ts';

const BEFORE: readonly Op[] = [
  { kind: 'create', table: 'base' },
  { kind: 'insert', table: 'base', id: 1 },
];

/** A few migrations of every kind; each can be settled without a person wherever the run dies. */
const FEW: readonly Draft[] = [
  migration('1', 'script', 'a'),
  migration('2', 'code', 'b'),
  { ...migration('3', 'script', 'c'), up: [{ kind: 'create', table: 'c' }, { kind: 'alone' }, { kind: 'insert', table: 'c', id: 1 }] },
  { ...migration('4', 'script', 'd'), transaction: 'none' },
];

/** Ten mixed ones: scripts, code, one cut by a command that stands alone, one without transactions, one repeatable. */
export const TEN: readonly Draft[] = [
  migration('1', 'script', 'a'),
  migration('2', 'code', 'b', 40),
  { ...migration('3', 'script', 'c', 20), transaction: 'none' },
  { ...migration('4', 'script', 'd'), up: [{ kind: 'create', table: 'd' }, { kind: 'insert', table: 'd', id: 1 }, { kind: 'alone' }, { kind: 'insert', table: 'd', id: 2 }, { kind: 'alone' }, { kind: 'insert', table: 'd', id: 3 }] },
  migration('5', 'code', 'e', 40),
  migration('6', 'script', 'f', 40),
  { version: '7', form: 'code', up: [{ kind: 'drop', table: 'a' }, ...rows('b', 100, 40)], down: null },
  migration('8', 'script', 'g', 20),
  { version: '9', form: 'script', up: [{ kind: 'add-column', table: 'g', column: 'extra' }, { kind: 'alone' }, ...rows('g', 100, 10)], down: null },
  { version: '10', form: 'repeatable', up: [{ kind: 'create', table: 'view_like' }, ...rows('view_like', 1, 10)], down: null },
];

function migration(version: string, form: Draft['form'], table: string, count = 1): Draft {
  return { version, form, up: [{ kind: 'create', table }, ...rows(table, 1, count)], down: [{ kind: 'drop', table }] };
}

function rows(table: string, from: number, count: number): Op[] {
  return Array.from({ length: count }, (_, index) => ({ kind: 'insert', table, id: from + index }) as const);
}

export interface CrashReport {
  readonly deviations: readonly string[];
  /** At how many points the process was killed. */
  readonly kills: number;
  /** How many kills left a migration in the middle of something. */
  readonly unfinished: number;
}

/** Kills a process at its n-th call, for n = `step`, 2 × `step`, … until it comes through; then runs again, plainly. */
export async function crashAtCalls<Db>(
  target: ConformanceTarget<Db>,
  scenario: Pick<Scenario, 'strategy' | 'drafts'>,
  step: number,
  tamper?: Tampering<Db>,
): Promise<CrashReport> {
  const references = new References(target);
  const calls = await callsOf(target, scenario);
  const points = Array.from({ length: Math.ceil(calls / step) }, (_, index) => index * step + 1);
  const outcomes = await inParallel(points, 2, async (killAt) => {
    await using place = await prepared(target, tamper);
    const { url } = place.database;
    const runner = startRunner({ ...jobOf(place, scenario), url, killAt });
    const report = await runner.ended();
    if (report !== null) return { killed: false, unfinished: false, found: [`call ${killAt} of ${calls} was never made`] };
    return { killed: true, ...(await settleAndCompare(place, scenario, references, `killed at call ${killAt}`)) };
  });
  return summary(outcomes);
}

/** Kills a process at `count` random moments of a run, each time on a fresh database; then runs again, plainly. */
export async function crashAtRandom<Db>(target: ConformanceTarget<Db>, drafts: readonly Draft[], count: number, seed: number): Promise<CrashReport> {
  const references = new References(target);
  const scenario = { strategy: 'none', drafts } as const;
  const durationMs = await durationOf(target, scenario);
  const random = randomNumbers(seed);
  const moments = Array.from({ length: count }, () => random() * durationMs);
  const outcomes = await inParallel(moments, 2, async (momentMs) => {
    await using place = await prepared(target);
    const runner = startRunner({ ...jobOf(place, scenario), waits: true });
    await runner.said('ready');
    runner.poke();
    await sleep(momentMs);
    runner.process.kill('SIGKILL');
    const killed = (await runner.ended()) === null;
    return { killed, ...(await settleAndCompare(place, scenario, references, `seed ${seed}, killed after ${momentMs.toFixed(1)} ms`)) };
  });
  return summary(outcomes);
}

async function prepared<Db>(target: ConformanceTarget<Db>, tamper?: Tampering<Db>): Promise<Workplace<Db>> {
  const place = await openWorkplace(target, tamper);
  await place.apply(BEFORE);
  return place;
}

function jobOf<Db>({ target, database, folder }: Workplace<Db>, { strategy, drafts }: Pick<Scenario, 'strategy' | 'drafts'>) {
  return { module: target.module, url: database.url, folder, drafts, options: { rollback: strategy } };
}

async function callsOf<Db>(target: ConformanceTarget<Db>, scenario: Pick<Scenario, 'strategy' | 'drafts'>): Promise<number> {
  await using place = await prepared(target);
  const report = await startRunner(jobOf(place, scenario)).ended();
  return report?.calls ?? 0;
}

/** From the moment it begins to its end, by the slowest of three. */
async function durationOf<Db>(target: ConformanceTarget<Db>, scenario: Pick<Scenario, 'strategy' | 'drafts'>): Promise<number> {
  let slowest = 0;
  for (let round = 0; round < 3; round += 1) {
    await using place = await prepared(target);
    const runner = startRunner({ ...jobOf(place, scenario), waits: true });
    await runner.said('ready');
    const begun = performance.now();
    runner.poke();
    await runner.ended();
    slowest = Math.max(slowest, performance.now() - begun);
  }
  return slowest;
}

/** Refusals that the lifecycle documents for what nobody can decide. */
const DOCUMENTED: readonly ErrorCode[] = ['UNKNOWN_STATE', 'RESTORE_BLOCKED'];

/** Runs again and holds the end against a database on which exactly the applied migrations were applied plainly. */
async function settleAndCompare<Db>(
  place: Workplace<Db>,
  { strategy, drafts }: Pick<Scenario, 'strategy' | 'drafts'>,
  references: References<Db>,
  when: string,
): Promise<{ unfinished: boolean; found: string[] }> {
  const left = Object.values(await statesOf(place));
  const unfinished = left.some((state) => state === 'running' || state === 'rolling_back' || state === 'restoring');
  const executor = place.executor(drafts, { rollback: strategy, lock: { onHeld: 'wait', waitMs: 60_000 } });
  const result = await executor.migrate();
  await executor.close();
  const states = await statesOf(place);
  const found = [...resultFlaws(result, drafts)];
  const stuck = Object.entries(states).filter(([, state]) => !['applied', 'failed', 'rolled_back'].includes(state));
  if (stuck.length > 0) found.push(`left ${JSON.stringify(Object.fromEntries(stuck))}`);
  const standing = await standingOps(place, drafts);
  if ((await place.database.digest()) !== (await references.digestOf([...BEFORE, ...standing]))) {
    found.push(`schema or rows are not those of ${JSON.stringify(states)}`);
  }
  return { unfinished, found: found.map((flaw) => `${when} (left ${left.join(', ') || 'nothing'}): ${flaw}`) };
}

/** What stands by the word of the history: whole migrations, and of an interrupted one what it says is done. */
async function standingOps<Db>(place: Workplace<Db>, drafts: readonly Draft[]): Promise<Op[]> {
  const session = await place.open({ readOnly: true });
  const ops: Op[] = [];
  for (const draft of drafts) {
    const row = await session.history.load(idOf(draft));
    if (row?.state === 'applied') ops.push(...draft.up);
    if (row?.state === 'failed') ops.push(...draft.up.slice(0, row.statementsDone));
  }
  await session.close();
  return ops;
}

function resultFlaws({ success, errors }: MigrationResult, drafts: readonly Draft[]): string[] {
  const fails = drafts.some(({ up }) => up.some(({ kind }) => kind === 'refused'));
  const [first] = errors;
  const told = `${first?.code}: ${first?.message}`;
  if (!fails) return success ? [] : [`the next run failed with ${told}`];
  if (success) return ['the next run hid the failure'];
  const isKnown = first?.code === 'STATEMENT_FAILED' || DOCUMENTED.some((code) => code === first?.code);
  return isKnown ? [] : [`the next run failed with ${told}`];
}

function summary(outcomes: readonly { killed: boolean; unfinished: boolean; found: readonly string[] }[]): CrashReport {
  return {
    deviations: outcomes.flatMap(({ found }) => found),
    kills: outcomes.filter(({ killed }) => killed).length,
    unfinished: outcomes.filter(({ unfinished }) => unfinished).length,
  };
}

/** Between 0 and 1, the same for the same seed (mulberry32). */
function randomNumbers(seed: number): () => number {
  let state = seed;
  return () => {
    state = (state + 0x6d2b79f5) | 0;
    let mixed = Math.imul(state ^ (state >>> 15), 1 | state);
    mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
    return ((mixed ^ (mixed >>> 14)) >>> 0) / 4_294_967_296;
  };
}

export interface CrashOptions {
  /** Every how many calls a process is killed. */
  readonly step: number;
  readonly randomKills: number;
  readonly seed: number;
}

export function describeCrashes<Db>(target: ConformanceTarget<Db>, { step, randomKills, seed }: CrashOptions): void {
  const failing = [...FEW, { ...migration('5', 'script', 'e'), up: [{ kind: 'create', table: 'e' }, { kind: 'refused' }] } as const];
  describe('a process killed at a call', () => {
    test.each(STRATEGIES)('F27 F28 F29 the next run ends like one that nobody disturbed, under %s', { timeout: 600_000 }, async (strategy) => {
      const { deviations, kills } = await crashAtCalls(target, { strategy, drafts: FEW }, step);
      expectNone(deviations);
      expect(kills).toBeGreaterThan(5);
    });
    test.each(STRATEGIES)('F39 a way back that was cut short is finished, under %s', { timeout: 600_000 }, async (strategy) => {
      const { deviations, kills } = await crashAtCalls(target, { strategy, drafts: failing }, step);
      expectNone(deviations);
      expect(kills).toBeGreaterThan(5);
    });
  });
  test(`a process killed at ${randomKills} random moments of ten migrations loses nothing and does nothing twice`, { timeout: 1_800_000 }, async () => {
    const { deviations, kills } = await crashAtRandom(target, TEN, randomKills, seed);
    expectNone(deviations);
    expect(kills).toBeGreaterThan(randomKills / 3);
  });
}
