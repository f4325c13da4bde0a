import process from 'node:process';
import { figure } from '@detent/tests/size';
import { describe, expect, test } from 'vitest';
import { BACKUP_ROWS, crashMatrixAlone, nightUnder } from './fixtures/crash-night.ts';
import { SHORT_NIGHT } from './fixtures/night.ts';

/** A part of the points, where it is asked for: every n-th, beginning with a given one. */
const [step, from] = ['DETENT_TEST_CRASH_STEP', 'DETENT_TEST_CRASH_FROM'].map((name) => Number(process.env[name] ?? 0));
// 7 and 3 have no divisor in common, so the ways of cutting take turns.
const choice = { step: step || 7, from: from ?? 0 };

describe('a connection cut at every second message of a short night that takes backups', () => {
  test.each(BACKUP_ROWS)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 7_200_000 },
    async (row) => {
      const report = await crashMatrixAlone(nightUnder(row, SHORT_NIGHT), choice);
      figure(`crash matrix with backups, ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
      expect(report.deviations).toEqual([]);
    },
  );
});
