import { figure } from '@detent/tests/size';
import { describe, expect, test } from 'vitest';
import { BACKUP_ROWS, crashMatrixAlone, nightUnder } from './fixtures/crash-night.ts';
import { SHORT_NIGHT } from './fixtures/night.ts';

// A few points of each row, the ways of cutting in turn; the long form takes more.
const STEP = 499;

describe('a connection cut at a message of a run that takes backups', () => {
  test.each(BACKUP_ROWS)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 300_000 },
    async (row) => {
      const report = await crashMatrixAlone(nightUnder(row, SHORT_NIGHT), {
        step: STEP,
        from: 70 * BACKUP_ROWS.indexOf(row),
      });
      figure(`crash matrix with backups, ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
      expect(report.deviations).toEqual([]);
      expect(report.points).toBeGreaterThan(1);
    },
  );
});
