import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { readNotRun, tally, type VitestReport } from './report.ts';

const clean: VitestReport = {
  numPassedTests: 3,
  numFailedTests: 0,
  numPendingTests: 1,
  numTodoTests: 1,
  testResults: [{ status: 'passed', assertionResults: [{ status: 'passed' }] }],
};

test('a clean run has no failures', () => {
  expect(tally(clean, 0)).toEqual({ passed: 3, failed: 0, skipped: 2 });
});

test('a file that broke before its first test is a failure', () => {
  expect(tally({ ...clean, testResults: [{ status: 'failed', assertionResults: [] }] }, 1).failed).toBe(1);
});

test('a failed test is counted once', () => {
  const testResults = [{ status: 'failed', assertionResults: [{ status: 'failed' }, { status: 'passed' }] }];
  expect(tally({ ...clean, numFailedTests: 1, testResults }, 1).failed).toBe(1);
});

test('a run that exits with an error and no failed test is a failure', () => {
  expect(tally(clean, 1).failed).toBe(1);
});

test('a suite that reports itself twice as not run is listed once', () => {
  const folder = mkdtempSync(join(tmpdir(), 'detent-report-'));
  const file = join(folder, 'not-run.jsonl');
  const line = (reason: string): string => `${JSON.stringify({ suite: 'mysql', reason, required: false })}\n`;
  writeFileSync(file, line('first') + line('second'));
  expect(readNotRun(file)).toEqual([{ suite: 'mysql', reason: 'second', required: false }]);
  rmSync(folder, { recursive: true });
  expect(readNotRun(file)).toEqual([]);
});
