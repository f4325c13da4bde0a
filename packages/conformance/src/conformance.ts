import { describe } from 'vitest';
import { describeBackupFidelity } from './backup-fidelity.ts';
import { describeBadInput } from './bad-input/describe.ts';
import { describeBrokenRunners } from './broken-runners.ts';
import { describeCrashes, type CrashOptions } from './crash.ts';
import { describeHistory } from './history.ts';
import { describeLimits } from './limits.ts';
import { describeLockRace, type RaceOptions } from './lock-race.ts';
import { describeRecovery } from './recovery.ts';
import { describeRuns } from './run.ts';
import { describeStrategies, type StrategyOptions } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { describeTransactions } from './transactions.ts';
import { describeWayBack } from './way-back.ts';

export type Concern =
  | 'history'
  | 'transactions'
  | 'run'
  | 'way back'
  | 'backup fidelity'
  | 'recovery'
  | 'bad input'
  | 'strategies'
  | 'crashes'
  | 'lock race'
  | 'broken runners';

const CONCERNS: readonly Concern[] = [
  'history',
  'transactions',
  'run',
  'way back',
  'backup fidelity',
  'recovery',
  'bad input',
  'strategies',
  'crashes',
  'lock race',
  'broken runners',
];

/**
 * `brief` takes a sample of what there are hundreds of, for servers on which each takes a while; `long` takes many minutes
 * and belongs into a nightly run.
 */
export type Size = 'brief' | 'short' | 'long';

export interface ConformanceOptions {
  /** All, unless told; test files of some each run beside one another. */
  readonly concerns?: readonly Concern[];
  readonly size?: Size;
}

/**
 * Everything that Detent owes its users on a database, as tests. What needs something that `target.limits` names is tested to
 * be refused instead.
 */
export function describeConformance<Db>(
  name: string,
  target: ConformanceTarget<Db>,
  { concerns = CONCERNS, size = 'short' }: ConformanceOptions = {},
): void {
  describe(`Detent on ${name}`, () => {
    describeLimits(target);
    for (const concern of concerns) describeConcern(concern, target, size);
  });
}

function describeConcern<Db>(concern: Concern, target: ConformanceTarget<Db>, size: Size): void {
  const { strategies, crashes, race, sample } = SIZES[size];
  const { backups, processes } = target.limits ?? {};
  switch (concern) {
    case 'history':
      return describeHistory(target);
    case 'transactions':
      return describeTransactions(target);
    case 'run':
      return describeRuns(target);
    case 'way back':
      return describeWayBack(target);
    case 'backup fidelity':
      return backups === undefined ? describeBackupFidelity(target) : undefined;
    case 'recovery':
      return processes === undefined ? describeRecovery(target) : undefined;
    case 'bad input':
      return describeBadInput(target);
    case 'strategies':
      return describeStrategies(target, strategies);
    case 'crashes':
      return processes === undefined ? describeCrashes(target, crashes) : undefined;
    case 'lock race':
      return describeLockRace(target, race);
    case 'broken runners':
      return describeBrokenRunners(target, sample);
  }
}

interface Extent {
  readonly strategies: StrategyOptions;
  readonly crashes: CrashOptions;
  readonly race: RaceOptions;
  /** Of the runs in which a runner that is right is shown to pass: each so-manieth. */
  readonly sample: number;
}

const SIZES: Readonly<Record<Size, Extent>> = {
  brief: {
    strategies: { matrix: 'short', every: 8 },
    crashes: { step: 47, leastKills: 2, randomKills: 6, randomKillsOfRestores: 3, seed: 20_231_101 },
    race: { processes: 12, rounds: 1 },
    sample: 8,
  },
  short: {
    strategies: { matrix: 'short', every: 1 },
    crashes: { step: 17, leastKills: 6, randomKills: 40, randomKillsOfRestores: 12, seed: 20_231_102 },
    race: { processes: 16, rounds: 1 },
    sample: 1,
  },
  long: {
    strategies: { matrix: 'whole', every: 1 },
    crashes: { step: 1, leastKills: 6, randomKills: 200, randomKillsOfRestores: 200, seed: 20_231_103 },
    race: { processes: 64, rounds: 10 },
    sample: 1,
  },
};
