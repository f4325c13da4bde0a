export { answerFor, live, PROBES, ready } from './answer.ts';
export type { Answer, Probes } from './answer.ts';
export { boot } from './boot.ts';
export type { Boot, BootState } from './boot.ts';
export { BootError, endProcess, lendExitCode } from './failure.ts';
