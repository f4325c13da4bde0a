import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { crashMatrix } from './fixtures/crash-matrix.ts';
import { nightUnder, ROWS } from './fixtures/crash-subjects.ts';
import { figure } from './fixtures/size.ts';

/** Every point, unless a part of them is asked for: every n-th, beginning with a given one. */
const [STEP, FROM] = ['DETENT_TEST_CRASH_STEP', 'DETENT_TEST_CRASH_FROM'].map((name) => Number(process.env[name]));
const CHOICE = { step: STEP || 1, from: FROM || 0 };

describe('a connection cut at every message, in every way', () => {
  test.each(ROWS)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 7_200_000 },
    async (row) => {
      const report = await crashMatrix(nightUnder(row), CHOICE);
      figure(`crash matrix ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
      expect(report.deviations).toEqual([]);
    },
  );
});
