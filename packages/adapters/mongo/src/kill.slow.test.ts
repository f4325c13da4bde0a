import process from 'node:process';
import { figure, sized } from '@detent/tests/size';
import { describe, expect, test } from 'vitest';
import { killMatrix, WAYS } from './fixtures/crash-night.ts';
import { server } from './fixtures/places.ts';

/** A few points of each; 3 divides none of them, so that the ways of dying take turns. */
const SHORT = { none: 157, down: 701, backup: 1100, both: 1100 } as const;
const given = process.env['DETENT_TEST_CRASH_STEP'];
const stepOf = (way: keyof typeof SHORT): number => (given === undefined ? sized(SHORT[way], 7) : Number(given));
const from = Number(process.env['DETENT_TEST_CRASH_FROM'] ?? 0);

describe.runIf(server !== null)('a process killed with SIGKILL at a command', () => {
  test.each(WAYS)(
    'F27 F28 F30 leaves nothing that the next run does not set right, with strategy %s',
    { timeout: 3_600_000 },
    async (way) => {
      const { kills, points, settled, messages, deviations, slowestMs } = await killMatrix(way, {
        step: stepOf(way),
        from,
      });
      figure(
        `kill -9 with strategy ${way}: ${points} points among ${messages} commands, ${deviations.length} deviations, ` +
          `${settled} settled by hand, slowest ${slowestMs} ms\n  ${kills.join('\n  ')}`,
      );
      expect(deviations).toEqual([]);
      expect(points).toBeGreaterThan(0);
    },
  );

  test('leaves a runner that executes and then records stuck, or wrong', { timeout: 600_000 }, async () => {
    const { deviations } = await killMatrix('naive', { step: 8 });
    expect(deviations.filter((flaw) => flaw.includes('stuck'))).not.toEqual([]);
    expect(deviations.filter((flaw) => flaw.includes('in place of'))).not.toEqual([]);
  });
});
