import process from 'node:process';
import { expect, test } from 'vitest';
import { figure } from '@detent/tests/size';
import { crashMatrix, nightUnder, ROWS } from './fixtures/crash-night.ts';
import { PLAIN_NIGHT } from './fixtures/night.ts';

// 3 does not divide it, so the ways of cutting take turns; the long form takes all points.
const STEP = process.env['DETENT_TEST_LONG'] === '1' ? 1 : 7;

test.each(ROWS.filter(({ transaction }) => transaction === 'each'))(
  'F27 F30 a connection cut while scripts go out one behind the other leaves nothing that the next run does not set right, with strategy $strategy',
  { timeout: 3_600_000 },
  async (row) => {
    const report = await crashMatrix(nightUnder(row, PLAIN_NIGHT), { step: STEP });
    figure(`crash matrix, scripts that go out whole, ${row.strategy}: ${JSON.stringify(report)}`);
    expect(report.deviations).toEqual([]);
    expect(report.points).toBeGreaterThan(5);
  },
);
