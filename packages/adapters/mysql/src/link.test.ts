import { expect, test } from 'vitest';
import { connect } from './connect.ts';
import { openPlace, until, WORKING, type Place } from './fixtures/places.ts';
import { createLink, type Link } from './link.ts';
import { checkOptions } from './options.ts';

/** `gate`: what a second connection waits for. */
async function linkOn({ database }: Place, gate: Promise<void>): Promise<Link> {
  const checked = checkOptions({ url: database.url });
  const open = (): ReturnType<typeof connect> => connect(checked, { timeoutMs: 5_000 });
  return createLink({
    wire: await open(),
    target: 'here',
    options: WORKING,
    lent: false,
    disposable: false,
    openBeside: async () => {
      await gate;
      return open();
    },
    singleWriter: false,
  });
}

/** Beside the one that asks. */
const sessions = (count: number): string =>
  `(SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE DB = DATABASE() AND ID <> CONNECTION_ID()) = ${count}`;

test('a second connection is opened once, however many ask for it at one time', async () => {
  await using place = await openPlace();
  const link = await linkOn(place, Promise.resolve());
  const [first, second] = await Promise.all([link.beside(), link.beside()]);
  expect(first).not.toBeNull();
  expect(second).toBe(first);
  await until(place, sessions(2));
  await link.close();
  await until(place, sessions(0));
});

test('a second connection that comes about after the session was closed does not stay open', async () => {
  await using place = await openPlace();
  const gate = Promise.withResolvers<void>();
  const link = await linkOn(place, gate.promise);
  const late = link.beside();
  await Promise.resolve();
  await link.close();
  gate.resolve();
  expect(await late).toBeNull();
  await until(place, sessions(0));
});

test('a wrong password is told as that, whether the server can encrypt or not', async () => {
  await using place = await openPlace();
  const url = new URL(place.database.url);
  url.password = 'wrong';
  await expect(connect(checkOptions({ url: url.href }), { timeoutMs: 5_000 })).rejects.toMatchObject({
    code: 'CONNECTION',
    hint: expect.stringContaining('password') as string,
    facts: { serverCode: '1045' },
  });
});
