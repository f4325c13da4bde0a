import { describe, expect, test } from 'vitest';
import { crashMatrix, naive, nightUnder, ROWS } from './fixtures/crash-night.ts';

// A few points of each row, the ways of cutting in turn; the long form takes all.
const STEP = 211;

describe('a connection cut at a message', () => {
  test.each(ROWS)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 300_000 },
    async (row) => {
      const { deviations, points } = await crashMatrix(nightUnder(row), { step: STEP });
      expect(deviations).toEqual([]);
      expect(points).toBeGreaterThan(1);
    },
  );

  test('leaves a runner that executes and then records stuck, or wrong', { timeout: 120_000 }, async () => {
    const { deviations } = await crashMatrix(naive(), { step: 7 });
    expect(deviations.filter((flaw) => flaw.includes('stuck')).length).toBeGreaterThan(2);
    expect(deviations.filter((flaw) => flaw.includes('in place of')).length).toBeGreaterThan(2);
  });
});
