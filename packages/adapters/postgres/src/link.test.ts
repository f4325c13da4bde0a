import { expect, test } from 'vitest';
import { connect } from './connect.ts';
import { playground, type Playground } from './fixtures/playground.ts';
import { createLink, type Link } from './link.ts';
import { LEASE } from './lock-timing.ts';
import { checkOptions } from './options.ts';

/** `gate`: what a second connection waits for. */
async function linkOn(place: Playground, gate: Promise<void>): Promise<Link> {
  const checked = checkOptions({ url: place.database.url, applicationName: 'linked' });
  const open = (): ReturnType<typeof connect> => connect(checked, { timeoutMs: 5_000 });
  return createLink({
    wire: await open(),
    target: 'here',
    options: place.openOptions(),
    lease: LEASE,
    lent: false,
    disposable: false,
    openBeside: async () => {
      await gate;
      return open();
    },
  });
}

const SESSIONS =
  "SELECT count(*)::int AS n FROM pg_stat_activity WHERE application_name = 'linked' AND datname = current_database()";

test('a second connection is opened once, however many ask for it at one time', async () => {
  await using place = await playground();
  const link = await linkOn(place, Promise.resolve());
  const [first, second] = await Promise.all([link.beside(), link.beside()]);
  expect(first).not.toBeNull();
  expect(second).toBe(first);
  expect(await place.database.query(SESSIONS)).toEqual([{ n: 2 }]);
  await link.close();
});

test('a second connection that comes about after the session was closed does not stay open', async () => {
  await using place = await playground();
  const gate = Promise.withResolvers<void>();
  const link = await linkOn(place, gate.promise);
  const late = link.beside();
  await Promise.resolve();
  await link.close();
  gate.resolve();
  expect(await late).toBeNull();
  await expect.poll(() => place.database.query(SESSIONS)).toEqual([{ n: 0 }]);
});
