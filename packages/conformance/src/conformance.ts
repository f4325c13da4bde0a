import { describe } from 'vitest';
import { describeBackupFidelity } from './backup-fidelity.ts';
import { describeBadInput } from './bad-input/describe.ts';
import { describeBrokenRunners } from './broken-runners.ts';
import { describeCrashes } from './crash.ts';
import { describeHistory } from './history.ts';
import { describeLockRace } from './lock-race.ts';
import { describeRecovery } from './recovery.ts';
import { describeRuns } from './run.ts';
import { describeStrategies } from './strategies.ts';
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

/** `long` takes many minutes and belongs into a nightly run. */
export type Size = 'short' | 'long';

export interface ConformanceOptions {
  /** All, unless told; test files of some each run beside one another. */
  readonly concerns?: readonly Concern[];
  readonly size?: Size;
}

/** Everything that Detent owes its users on a database, as tests. */
export function describeConformance<Db>(
  name: string,
  target: ConformanceTarget<Db>,
  { concerns = CONCERNS, size = 'short' }: ConformanceOptions = {},
): void {
  describe(`Detent on ${name}`, () => {
    for (const concern of concerns) describeConcern(concern, target, size);
  });
}

function describeConcern<Db>(concern: Concern, target: ConformanceTarget<Db>, size: Size): void {
  const isLong = size === 'long';
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
      return describeBackupFidelity(target);
    case 'recovery':
      return describeRecovery(target);
    case 'bad input':
      return describeBadInput(target);
    case 'strategies':
      return describeStrategies(target, size);
    case 'crashes':
      return describeCrashes(target, isLong ? LONG_CRASHES : SHORT_CRASHES);
    case 'lock race':
      return describeLockRace(target, isLong ? { processes: 64, rounds: 10 } : { processes: 16, rounds: 2 });
    case 'broken runners':
      return describeBrokenRunners(target);
  }
}

const SHORT_CRASHES = { step: 17, randomKills: 40, randomKillsOfRestores: 12, seed: 20_231_102 };
const LONG_CRASHES = { step: 1, randomKills: 200, randomKillsOfRestores: 200, seed: 20_231_103 };
