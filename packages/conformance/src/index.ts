export type { BadScript, BadUrl, ConformanceTarget, Damage, Gap, Language, TestDatabase } from './target.ts';
export { describeStrategies, sampleStrategies, SHORT_MATRIX, WHOLE_MATRIX } from './strategies.ts';
export { crashAtCalls, crashAtRandom, describeCrashes, type CrashOptions, type CrashReport } from './crash.ts';
export { describeLockRace, raceInProcess, raceOnce, type RaceOptions } from './lock-race.ts';
export { describeHistory } from './history.ts';
export { describeTransactions } from './transactions.ts';
export { describeBackupFidelity } from './backup-fidelity.ts';
