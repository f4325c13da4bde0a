import { setImmediate as turn } from 'node:timers/promises';
import { crashMatrix, type Disturb } from '@detent/tests/crash/matrix';
import { ownMariadb, type OwnServer } from '@detent/tests/servers/mariadb-own';
import { startProxy } from '@detent/tests/servers/proxy';
import { figure, sized } from '@detent/tests/size';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { targetOn } from './fixtures/conformance.ts';
import { nightUnder, ROWS, widthOf } from './fixtures/crash-night.ts';
import { NIGHT } from './fixtures/night.ts';

let own: OwnServer | null = null;
beforeAll(async () => {
  own = await ownMariadb();
});
afterAll(() => own?.[Symbol.asyncDispose]());

/** Kills the server when so many messages have gone to it, and starts it again when the run has ended. */
const killing: Disturb = async (site, run, { at }) => {
  await using proxy = await startProxy(site.url);
  let hasEnded = false;
  const ended = run({ ...site, url: proxy.url }).then(() => (hasEnded = true));
  while (proxy.messages < at && !hasEnded) await turn();
  if (hasEnded) return false;
  await own?.kill();
  await ended;
  await own?.start();
  return true;
};

// A server that dies may leave half of a file of MyISAM, which no migration mends.
const DURABLE = NIGHT.filter(({ file }) => !file.includes('myisam'));

/** Where a backup is made there is more to wait for. */
const CHOSEN = ROWS.filter((row) => sized(widthOf(row), 4) === 4);

test.each(CHOSEN)(
  'F75 a server that is killed in the middle of a run leaves nothing that the next run does not set right, with strategy $strategy and transaction $transaction',
  { timeout: 1_800_000 },
  async (row) => {
    if (own === null) return;
    const { server } = own;
    const target = targetOn('MariaDB', async () => server, import.meta.url);
    // The same messages each time, spread over the whole run.
    const choice = { step: sized(1_201, 97), from: CHOSEN.indexOf(row) * 61 + 40, width: 1, disturb: killing };
    const report = await crashMatrix(() => target.createDatabase(), nightUnder(row, DURABLE), choice);
    figure(`killed servers, ${row.strategy}/${row.transaction}: ${JSON.stringify(report)}`);
    expect(report.deviations).toEqual([]);
    expect(report.points).toBeGreaterThan(0);
  },
);
