import { existsSync, readFileSync } from 'node:fs';

export interface Tally {
  passed: number;
  failed: number;
  skipped: number;
}

/** The part of vitest's JSON report that is read here. */
export interface VitestReport {
  readonly numPassedTests: number;
  readonly numFailedTests: number;
  readonly numPendingTests: number;
  readonly numTodoTests: number;
  readonly testResults: readonly {
    readonly status: string;
    readonly assertionResults: readonly { readonly status: string }[];
  }[];
}

/** A file that broke before its first test, and a run that failed with no test to blame, count as failures too. */
export function tally(report: VitestReport, exitStatus: number): Tally {
  const broken = report.testResults.filter(
    (file) => file.status === 'failed' && file.assertionResults.every((test) => test.status !== 'failed'),
  ).length;
  const failed = report.numFailedTests + broken;
  return {
    passed: report.numPassedTests,
    failed: failed === 0 && exitStatus !== 0 ? 1 : failed,
    skipped: report.numPendingTests + report.numTodoTests,
  };
}

/** One line of the file named by `TEST_NOT_RUN_FILE`: a suite that could not get what it needs. */
export interface NotRun {
  readonly suite: string;
  readonly reason: string;
  /** With CI=true this is a failure. */
  readonly required: boolean;
}

/** Each suite once, the last word about it; nothing when no suite said anything. */
export function readNotRun(file: string): NotRun[] {
  if (!existsSync(file)) return [];
  const lines = readFileSync(file, 'utf8').split('\n').filter(Boolean);
  return [...new Map(lines.map((line) => JSON.parse(line) as NotRun).map((entry) => [entry.suite, entry])).values()];
}
