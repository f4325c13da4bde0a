import process from 'node:process';
import { crashMatrix } from '@detent/tests/crash/matrix';
import { mysqlServer } from '@detent/tests/servers/mysql';
import { figure } from '@detent/tests/size';
import { describe, expect, test } from 'vitest';
import { targetOn } from './fixtures/conformance.ts';
import { nightUnder, ROWS, widthOf } from './fixtures/crash-night.ts';
import { NIGHT } from './fixtures/night.ts';

const server = await mysqlServer('crash');
const step = Number(process.env['DETENT_TEST_CRASH_STEP'] ?? 29);

describe.runIf(server !== null)('a connection to MySQL cut at a message', () => {
  test.each(ROWS)(
    'F27 F28 F30 F35 leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
    { timeout: 7_200_000 },
    async (row) => {
      const target = targetOn('MySQL', async () => server, import.meta.url);
      const choice = { step, width: widthOf(row) };
      const report = await crashMatrix(() => target.createDatabase(), nightUnder(row, NIGHT), choice);
      figure(`crash matrix on MySQL, ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
      expect(report.deviations).toEqual([]);
    },
  );
});

// The end of the run says why, as NOT RUN.
test('a MySQL that cannot be had is told by its absence', () => {
  expect(server === null || server.product === 'MySQL').toBe(true);
});
