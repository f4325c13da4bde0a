import { appendFileSync } from 'node:fs';
import process from 'node:process';
import type { NotRun } from '../report.ts';

/** Says that a suite could not get what it needs; shown at the end of `pnpm test`. */
export function reportNotRun(entry: NotRun): void {
  const file = process.env['TEST_NOT_RUN_FILE'];
  if (file !== undefined) appendFileSync(file, `${JSON.stringify(entry)}\n`);
}
