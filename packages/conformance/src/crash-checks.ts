import { setTimeout as sleep } from 'node:timers/promises';
import type { ErrorCode, MigrationResult } from '@detent/core';
import { runSettling } from './by-hand.ts';
import type { Job } from './child.ts';
import { idOf, type Draft, type Op } from './draft.ts';
import type { Scenario } from './expected.ts';
import { inParallel, startRunner } from './process.ts';
import { statesOf } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { openWorkplace, References, type Workplace } from './workplace.ts';

const BEFORE: readonly Op[] = [
  { kind: 'create', table: 'base' },
  { kind: 'insert', table: 'base', id: 1 },
];

/** A run upwards unless told; downwards it goes all the way back from where everything is applied. */
export interface CrashScenario extends Pick<Scenario, 'strategy' | 'drafts'> {
  readonly way?: 'up' | 'down';
}

export interface CrashReport {
  readonly deviations: readonly string[];
  /** At how many points the process was killed. */
  readonly kills: number;
  /** How many kills left a migration in the middle of something. */
  readonly unfinished: number;
}

/**
 * Kills a process at its n-th call, for n = 1, 1 + `step`, … until it comes through; then runs again, plainly.
 * `breakage`: of the process that is killed.
 */
export async function crashAtCalls<Db>(
  target: ConformanceTarget<Db>,
  scenario: CrashScenario,
  step: number,
  breakage: string | null = null,
): Promise<CrashReport> {
  const references = new References(target);
  const calls = await callsOf(target, scenario, breakage);
  const points = Array.from({ length: Math.ceil(calls / step) }, (_, index) => index * step + 1);
  const outcomes = await inParallel(points, target.databasesAtOnce ?? 2, async (killAt) => {
    await using place = await prepared(target, scenario);
    const runner = startRunner({ ...jobOf(place, scenario), killAt, breakage });
    const report = await runner.ended();
    if (report !== null) {
      const flaw = `call ${killAt} of ${calls} was never made: ${JSON.stringify(report)}`;
      return { killed: false, unfinished: false, found: [flaw] };
    }
    return { killed: true, ...(await settleAndCompare(place, scenario, references, `killed at call ${killAt}`)) };
  });
  return summary(outcomes);
}

/** Kills a process at `count` random moments of a run, each time on a fresh database; then runs again, plainly. */
export async function crashAtRandom<Db>(
  target: ConformanceTarget<Db>,
  scenario: CrashScenario,
  count: number,
  seed: number,
): Promise<CrashReport> {
  const references = new References(target);
  const durationMs = await durationOf(target, scenario);
  const random = randomNumbers(seed);
  const moments = Array.from({ length: count }, () => random() * durationMs);
  const outcomes = await inParallel(moments, target.databasesAtOnce ?? 2, async (momentMs) => {
    await using place = await prepared(target, scenario);
    const runner = startRunner({ ...jobOf(place, scenario), waits: true });
    await runner.said('ready');
    runner.poke();
    await sleep(momentMs);
    runner.process.kill('SIGKILL');
    const killed = (await runner.ended()) === null;
    return {
      killed,
      ...(await settleAndCompare(place, scenario, references, `seed ${seed}, killed after ${momentMs.toFixed(1)} ms`)),
    };
  });
  return summary(outcomes);
}

async function prepared<Db>(target: ConformanceTarget<Db>, { drafts, way }: CrashScenario): Promise<Workplace<Db>> {
  const place = await openWorkplace(target);
  await place.apply(BEFORE);
  if (way === 'down') await place.executor(drafts).migrate();
  return place;
}

function jobOf<Db>(
  { target, database, folder }: Workplace<Db>,
  { strategy, drafts, way = 'up' }: CrashScenario,
): Pick<Job, 'module' | 'url' | 'folder' | 'drafts' | 'options' | 'way'> {
  return { module: target.module, url: database.url, folder, drafts, options: { rollback: strategy }, way };
}

async function callsOf<Db>(
  target: ConformanceTarget<Db>,
  scenario: CrashScenario,
  breakage: string | null,
): Promise<number> {
  await using place = await prepared(target, scenario);
  const report = await startRunner({ ...jobOf(place, scenario), breakage }).ended();
  return report?.calls ?? 0;
}

/** From the moment it begins to its end, by the slowest of three. */
async function durationOf<Db>(target: ConformanceTarget<Db>, scenario: CrashScenario): Promise<number> {
  let slowest = 0;
  for (let round = 0; round < 3; round += 1) {
    await using place = await prepared(target, scenario);
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
  { strategy, drafts, way = 'up' }: CrashScenario,
  references: References<Db>,
  when: string,
): Promise<{ unfinished: boolean; found: string[] }> {
  const left = Object.values(await statesOf(place));
  const unfinished = left.some((state) => state === 'running' || state === 'rolling_back' || state === 'restoring');
  const executor = place.executor(drafts, { rollback: strategy, lock: { onHeld: 'wait', waitMs: 60_000 } });
  const run = (): Promise<MigrationResult> => (way === 'down' ? executor.down({ to: '0' }) : executor.migrate());
  const { result, flaws } = await runSettling(place, executor, drafts, run);
  await executor.close();
  const states = await statesOf(place);
  const found = [...flaws, ...resultFlaws(result, drafts)];
  const stuck = Object.entries(states).filter(([, state]) => !['applied', 'failed', 'rolled_back'].includes(state));
  const end = way === 'down' ? 'rolled_back' : 'applied';
  if (result.success && drafts.some((draft) => states[idOf(draft)] !== end)) {
    found.push(`not everything is ${end}: ${JSON.stringify(states)}`);
  }
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
  const isRefusal = first?.code === 'STATEMENT_FAILED' || first?.code === 'SCRIPT_FAILED';
  const isKnown = isRefusal || DOCUMENTED.some((code) => code === first?.code);
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
