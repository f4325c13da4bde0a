import type { RollbackStrategy } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { crashAtCalls, crashAtRandom } from './crash-checks.ts';
import type { Draft, Op } from './draft.ts';
import { STRATEGIES } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';

/** A few migrations of every kind. */
export const FEW: readonly Draft[] = [
  migration('1', 'script', 'a'),
  migration('2', 'code', 'b'),
  {
    ...migration('3', 'script', 'c'),
    up: [{ kind: 'create', table: 'c' }, { kind: 'alone' }, { kind: 'insert', table: 'c', id: 1 }],
    down: [{ kind: 'remove', table: 'c', id: 1 }, { kind: 'alone' }, { kind: 'drop', table: 'c' }],
  },
  {
    ...migration('4', 'script', 'd'),
    transaction: 'none',
    down: [
      { kind: 'remove', table: 'd', id: 1 },
      { kind: 'drop', table: 'd' },
    ],
  },
];

/** Ten mixed ones: scripts, code, one cut by a command that stands alone, one without transactions, one repeatable. */
const TEN: readonly Draft[] = [
  migration('1', 'script', 'a'),
  migration('2', 'code', 'b', 40),
  { ...migration('3', 'script', 'c', 20), transaction: 'none' },
  {
    ...migration('4', 'script', 'd'),
    up: [
      { kind: 'create', table: 'd' },
      { kind: 'insert', table: 'd', id: 1 },
      { kind: 'alone' },
      { kind: 'insert', table: 'd', id: 2 },
      { kind: 'alone' },
      { kind: 'insert', table: 'd', id: 3 },
    ],
  },
  migration('5', 'code', 'e', 40),
  migration('6', 'script', 'f', 40),
  { version: '7', form: 'code', up: [{ kind: 'drop', table: 'a' }, ...rows('b', 100, 40)], down: null },
  migration('8', 'script', 'g', 20),
  {
    version: '9',
    form: 'script',
    up: [{ kind: 'add-column', table: 'g', column: 'extra' }, { kind: 'alone' }, ...rows('g', 100, 10)],
    down: null,
  },
  {
    version: '10',
    form: 'repeatable',
    up: [{ kind: 'create', table: 'view_like' }, ...rows('view_like', 1, 10)],
    down: null,
  },
];

function migration(version: string, form: Draft['form'], table: string, count = 1): Draft {
  return { version, form, up: [{ kind: 'create', table }, ...rows(table, 1, count)], down: [{ kind: 'drop', table }] };
}

function rows(table: string, from: number, count: number): Op[] {
  return Array.from({ length: count }, (_, index) => ({ kind: 'insert', table, id: from + index }) as const);
}

const NEEDS_BACKUP: ReadonlySet<RollbackStrategy> = new Set(['backup', 'both']);

export interface CrashOptions {
  /** Every how many calls a process is killed. */
  readonly step: number;
  /** So many at the least, or the calls were not counted. */
  readonly leastKills: number;
  readonly randomKills: number;
  /** The same of a run that fails and restores, which takes longer. */
  readonly randomKillsOfRestores: number;
  readonly seed: number;
}

export function describeCrashes<Db>(
  target: ConformanceTarget<Db>,
  { step, leastKills, randomKills, randomKillsOfRestores, seed }: CrashOptions,
): void {
  const failure: Draft = {
    version: '11',
    form: 'script',
    up: [{ kind: 'create', table: 'late' }, { kind: 'refused' }],
    down: null,
  };
  const back: readonly Draft[] = [...FEW, { ...failure, version: '5', down: [{ kind: 'drop', table: 'late' }] }];
  const patient = { timeout: 1_800_000 };
  const hasBackups = target.limits?.backups === undefined;
  const strategies = hasBackups ? STRATEGIES : STRATEGIES.filter((strategy) => !NEEDS_BACKUP.has(strategy));

  describe('a process killed at a call', () => {
    test.each(strategies)(
      'F27 F28 F29 the next run ends like one that nobody disturbed, under %s',
      patient,
      async (strategy) => {
        const { deviations, kills } = await crashAtCalls(target, { strategy, drafts: FEW }, step);
        expect(deviations).toEqual([]);
        expect(kills).toBeGreaterThanOrEqual(leastKills);
      },
    );
    test.each(strategies)('F39 a way back that was cut short is finished, under %s', patient, async (strategy) => {
      const { deviations, kills } = await crashAtCalls(target, { strategy, drafts: back }, step);
      expect(deviations).toEqual([]);
      expect(kills).toBeGreaterThanOrEqual(leastKills);
    });
  });

  describe('a process killed at a call of the way back', () => {
    test.each(strategies)('the next run goes all the way, under %s', patient, async (strategy) => {
      const { deviations, kills } = await crashAtCalls(target, { strategy, drafts: FEW, way: 'down' }, step);
      expect(deviations).toEqual([]);
      expect(kills).toBeGreaterThanOrEqual(leastKills);
    });
  });

  describe('a process killed at a random moment', () => {
    test(`of ten migrations loses nothing and does nothing twice, ${randomKills} times`, patient, async () => {
      const { deviations, kills } = await crashAtRandom(target, { strategy: 'none', drafts: TEN }, randomKills, seed);
      expect(deviations).toEqual([]);
      expect(kills).toBeGreaterThan(randomKills / 3);
    });
    test(`of a run that fails and goes back stands on a version, ${randomKillsOfRestores} times`, patient, async () => {
      const drafts = [...TEN.filter(({ form }) => form !== 'repeatable'), failure];
      const { deviations, kills } = await crashAtRandom(
        target,
        { strategy: hasBackups ? 'backup' : 'none', drafts },
        randomKillsOfRestores,
        seed + 1,
      );
      expect(deviations).toEqual([]);
      expect(kills).toBeGreaterThan(randomKillsOfRestores / 3);
    });
  });
}
