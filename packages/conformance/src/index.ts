export type { BadScript, BadUrl, ConformanceTarget, Damage, Gap, Language, TestDatabase } from './target.ts';
export { describeStrategies, sampleStrategies, SHORT_MATRIX, WHOLE_MATRIX } from './strategies.ts';
export { crashAtCalls, crashAtRandom, describeCrashes, type CrashOptions, type CrashReport } from './crash.ts';
