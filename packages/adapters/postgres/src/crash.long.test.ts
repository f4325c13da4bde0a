import process from 'node:process';
import { describe, expect, test } from 'vitest';
import { crashMatrix } from './fixtures/crash-matrix.ts';
import { nightUnder, ROWS } from './fixtures/crash-subjects.ts';
import { figure } from './fixtures/size.ts';

const STEP = Number(process.env['DETENT_TEST_CRASH_STEP'] ?? 1);

describe('a connection cut at every message, in every way', () => {
  test.each(ROWS)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 7_200_000 },
    async (row) => {
      const report = await crashMatrix(nightUnder(row), STEP);
      figure(`crash matrix ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
      expect(report.deviations).toEqual([]);
    },
  );
});
