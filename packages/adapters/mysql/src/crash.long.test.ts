import process from 'node:process';
import { figure } from '@detent/tests/size';
import { describe, expect, test } from 'vitest';
import {
  crashMatrix,
  crashMatrixOfRows,
  naive,
  nightUnder,
  ROWS,
  TOGETHER_ROWS,
  widthOf,
} from './fixtures/crash-night.ts';
import { NIGHT, SHORT_NIGHT } from './fixtures/night.ts';

/** A part of the points, where it is asked for: every n-th, beginning with a given one. */
const [step, from] = ['DETENT_TEST_CRASH_STEP', 'DETENT_TEST_CRASH_FROM'].map((name) => Number(process.env[name] ?? 0));
const NIGHTS = [
  { what: 'every message of a short night', night: SHORT_NIGHT, choice: { step: step || 1, from: from ?? 0 } },
  // 7 and 3 have no divisor in common, so the ways of cutting take turns.
  { what: 'every second message of a whole night', night: NIGHT, choice: { step: step || 7, from: from ?? 0 } },
];

describe.each(NIGHTS)('a connection cut at $what', ({ what, night, choice }) => {
  test.each(ROWS)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 7_200_000 },
    async (row) => {
      const report = await crashMatrix(nightUnder(row, night), { ...choice, width: widthOf(row) });
      figure(`crash matrix, ${what}, ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
      expect(report.deviations).toEqual([]);
    },
  );
});

test.each(TOGETHER_ROWS)(
  'F27 F28 F30 F35 a connection cut at every message of a night that only changes rows leaves nothing wrong, with strategy $strategy and transaction $transaction',
  { timeout: 7_200_000 },
  async (row) => {
    const report = await crashMatrixOfRows(row, { step: step || 1, from: from ?? 0 });
    figure(`crash matrix, rows, ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
    expect(report.deviations).toEqual([]);
  },
);

test(
  'a connection cut at a message leaves a runner that executes and then records stuck, or wrong',
  { timeout: 7_200_000 },
  async () => {
    const { points, deviations } = await crashMatrix(naive(), { step: step || 1, from: from ?? 0 });
    const stuck = deviations.filter((flaw) => flaw.includes('stuck')).length;
    const wrong = deviations.filter((flaw) => flaw.includes('in place of')).length;
    figure(`crash matrix of a naive runner: ${JSON.stringify({ points, stuck, wrong })}`);
    expect(stuck).toBeGreaterThan(0);
    expect(wrong).toBeGreaterThan(0);
  },
);
