import process from 'node:process';
import { expect, test } from 'vitest';
import { executorOn, flawsOf, openPlace } from './fixtures/places.ts';
import { start, type Starter } from './fixtures/processes.ts';
import { figure, sized } from '@detent/tests/size';
import type { Report } from './fixtures/starter.ts';

const PROCESSES = sized(16, 64);
const ROUNDS = Number(process.env['DETENT_TEST_RACE_ROUNDS'] ?? sized(2, 10));
const COUNT = 20;

/** From before the first start to the last exit. */
async function timed(count: number, make: () => Starter): Promise<{ ms: number; reports: readonly (Report | null)[] }> {
  const from = performance.now();
  const reports = await Promise.all(Array.from({ length: count }, () => make().ended()));
  return { ms: Math.round(performance.now() - from), reports };
}

test.each(['an empty database', 'a database with a history'])(
  `F07 F09 F10 ${PROCESSES} processes that start at one time on %s apply everything exactly once, and none fails`,
  { timeout: 1_800_000 },
  async (what) => {
    for (let round = 1; round <= ROUNDS; round += 1) {
      await using alone = await openPlace();
      await using place = await openPlace();
      const before = what === 'an empty database' ? 0 : 3;
      for (const { url } of [alone.database, place.database]) {
        if (before === 0) continue;
        await using executor = executorOn(url, { count: before });
        expect((await executor.migrate()).errors).toEqual([]);
      }
      const one = await timed(1, () => start({ url: alone.database.url, count: COUNT }));
      const starts = await timed(PROCESSES, () => start({ url: alone.database.url, idles: true }));
      const { ms, reports } = await timed(PROCESSES, () => start({ url: place.database.url, count: COUNT }));

      expect(reports.flatMap((report) => report?.errors ?? [])).toEqual([]);
      expect(reports.map((report) => report?.exit)).toEqual(reports.map(() => 0));
      const executed = reports.flatMap((report) => report?.executed ?? []).toSorted((a, b) => Number(a) - Number(b));
      expect(executed).toEqual(Array.from({ length: COUNT - before }, (_, index) => String(index + before + 1)));
      expect(await flawsOf(place, COUNT)).toEqual([]);
      const idle = await timed(PROCESSES, () => start({ url: place.database.url, count: COUNT }));
      const again = { startsMs: starts.ms, nothingToDoMs: idle.ms };
      const ratios = [starts.ms, idle.ms].map((ownMs) => Math.round((ms / (2 * one.ms + ownMs)) * 100) / 100);
      figure(`race of ${PROCESSES} on ${what}: ${JSON.stringify({ round, ms, aloneMs: one.ms, ...again, ratios })}`);
    }
  },
);
