import { once } from 'node:events';
import { createServer, type AddressInfo } from 'node:net';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { expect, test } from 'vitest';
import { connect } from './connect.ts';
import { openPlace, until, WORKING, type Place } from './fixtures/places.ts';
import { mysql, type MysqlConnection } from './index.ts';
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

test('a server that hangs up at once is told in one sentence', async () => {
  const server = createServer((socket) => void socket.end()).listen(0, '127.0.0.1');
  await once(server, 'listening');
  const { port } = server.address() as AddressInfo;
  const connecting = connect(checkOptions({ url: `mysql://u@127.0.0.1:${port}/d` }), { timeoutMs: 5_000 });
  await expect(connecting).rejects.toMatchObject({ code: 'CONNECTION', message: expect.stringMatching(/[^.]\.$/) });
  server.close();
});

test('a migration may have more statements prepared at one time than a connection keeps', async () => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE t (n int)');
  const up = async (db: MysqlConnection): Promise<void> => {
    const all = Array.from({ length: 600 }, (_, n) => `INSERT INTO t SELECT ? + ${n}`);
    for (let round = 0; round < 2; round += 1) await Promise.all(all.map((text) => db.execute(text, [0])));
  };
  await using executor = new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql({ url: place.database.url }),
    migrations: fromModules({ 'V1_rows.ts': { up } }),
  });
  expect((await executor.migrate()).errors).toEqual([]);
  expect(await place.database.query('SELECT COUNT(*) AS n, SUM(n) AS s FROM t')).toEqual([{ n: '1200', s: '359400' }]);
});
