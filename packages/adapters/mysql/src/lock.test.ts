import { hostname } from 'node:os';
import type { Lease, MigrationSession } from '@detent/core';
import { startProxy } from '@detent/tests/servers/proxy';
import { expect, test } from 'vitest';
import { openPlace, until, WORKING, type Place } from './fixtures/places.ts';
import { mysql, type MysqlConnection } from './index.ts';

type Session = MigrationSession<MysqlConnection>;

function open({ database }: Place, url: string = database.url): Promise<Session> {
  return mysql({ url }).open(WORKING);
}

async function take(session: Session, runId: string): Promise<Lease> {
  const attempt = await session.lock.tryAcquire({ runId, username: 'tester', host: hostname(), pid: process.pid });
  if (attempt.kind === 'held') throw new Error(`The lock is held by ${attempt.holder.runId}.`);
  return attempt.lease;
}

const {
  up: [SLEEP],
} = await mysql({ url: 'mysql://h/d' }).parse({
  text: 'DO SLEEP(600)',
  file: 'V1_a.sql',
  part: 'up',
  placeholders: null,
});

/** A holder in the middle of a statement that takes longer than any test. */
async function sleepingHolder(
  place: Place,
  session: Session,
): Promise<{ readonly id: number; readonly work: Promise<unknown> }> {
  await take(session, 'sleeper');
  const [[row]] = (await session.db.query('SELECT CONNECTION_ID() AS id')) as [[{ readonly id: number }], unknown];
  if (SLEEP === undefined) throw new Error('The parser lost a statement.');
  const work = session.execute([SLEEP], 'V1_a.sql').catch((thrown: unknown) => thrown);
  await until(
    place,
    `EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${row.id} AND INFO LIKE 'DO SLEEP%')`,
  );
  return { id: row.id, work };
}

const isThere = (id: number): string => `EXISTS (SELECT 1 FROM information_schema.PROCESSLIST WHERE ID = ${id})`;

test('F19 F25 unlock with a fence ends the holder with what it executes, and the next gets the lock at once', async () => {
  await using place = await openPlace();
  const [holder, breaker] = [await open(place), await open(place)];
  const { id, work } = await sleepingHolder(place, holder);
  expect(await breaker.lock.break({ fence: true })).toMatchObject({ runId: 'sleeper', username: 'tester' });
  const lease = await take(breaker, 'next');
  expect(await work).toMatchObject({ code: 'CONNECTION' });
  await until(place, `NOT ${isThere(id)}`);
  await lease.assert();
  await holder.close();
  await breaker.close();
});

test('F19 a statement that runs on for a client that is gone keeps the lock, and a fence ends it', async () => {
  await using place = await openPlace();
  await using proxy = await startProxy(place.database.url, { hidesDepartures: true });
  const breaker = await open(place);
  const holder = await open(place, proxy.url);
  const { id } = await sleepingHolder(place, holder);
  proxy.silence();
  // It is not heard of any more until the proxy is gone.
  void holder.close();
  const owner = { runId: 'next', username: 'tester', host: hostname(), pid: process.pid };
  expect(await breaker.lock.tryAcquire(owner)).toMatchObject({ kind: 'held', holder: { runId: 'sleeper' } });
  expect(await breaker.lock.break({ fence: true })).toMatchObject({ runId: 'sleeper' });
  await until(place, `NOT ${isThere(id)}`);
  await take(breaker, 'next');
  await breaker.close();
});

test('who may not end the connection of the holder is told what it takes', async () => {
  await using place = await openPlace();
  const { database } = place;
  const { name, url } = database;
  const user = `limited_${name.slice(-6)}`;
  await database.query(`CREATE USER ${user} IDENTIFIED BY 'geheim'`, `GRANT ALL ON ${name}.* TO ${user}`);
  try {
    const holder = await open(place);
    await take(holder, 'first');
    const limited = await open(place, url.replace('//detent:', `//${user}:`));
    await expect(limited.lock.break({ fence: true })).rejects.toMatchObject({
      code: 'LOCK_HELD',
      hint: expect.stringContaining('same user') as string,
    });
    await limited.close();
    await holder.close();
  } finally {
    await database.query(`DROP USER ${user}`);
  }
});

test('F16 a lock is of one table, and its name fits', async () => {
  await using place = await openPlace();
  const long = 'h'.repeat(50);
  const [first, second] = [
    await open(place),
    await mysql({ url: place.database.url }).open({ ...WORKING, table: long }),
  ];
  await take(first, 'first');
  await take(second, 'second');
  expect(await first.lock.holder()).toMatchObject({ runId: 'first' });
  expect(await second.lock.holder()).toMatchObject({ runId: 'second' });
  await first.close();
  await second.close();
});

test('F05 a lock is gone with the connection of its holder', async () => {
  await using place = await openPlace();
  await using proxy = await startProxy(place.database.url);
  const [holder, next] = [await open(place, proxy.url), await open(place)];
  await take(holder, 'first');
  const [[row]] = (await holder.db.query('SELECT CONNECTION_ID() AS id')) as [[{ readonly id: number }], unknown];
  await proxy[Symbol.asyncDispose]();
  await until(place, `NOT ${isThere(row.id)}`);
  expect(await next.lock.holder()).toBeNull();
  await take(next, 'second');
  await holder.close();
  await next.close();
});

test('F07 tables of which only a part was made by a run that died are made whole', async () => {
  await using whole = await openPlace();
  const make = async ({ database }: Place): Promise<Session> => {
    const session = await mysql({ url: database.url }).open(WORKING);
    await take(session, 'first');
    await session.history.init();
    return session;
  };
  await (await make(whole)).close();
  const names = ['schema_version_lock', 'schema_version_event', 'schema_version'];
  const made: string[] = [];
  for (const name of names) {
    const [row] = await whole.database.query(`SHOW CREATE TABLE ${name}`);
    made.push(row?.['Create Table'] ?? '');
    await using place = await openPlace();
    await place.database.query(...made);
    const session = await make(place);
    expect(await session.history.read()).toEqual({ exists: true, entries: [] });
    await session.close();
  }
});
