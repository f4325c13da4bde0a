import { findBrokenLink, fromModules, MigrationScriptExecutor } from '@detent/core';
import { MongoClient, type Db } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { openPlace, server } from './fixtures/places.ts';
import { mongo } from './index.ts';

/** A server gives a hundred and one documents at first, unless it is told. */
const MANY = 110;

describe.runIf(server !== null)('a long history', () => {
  test('is read with one question, however many migrations it has', { timeout: 120_000 }, async () => {
    await using place = await openPlace();
    const files = Array.from({ length: MANY }, (_, n) => [`V${n + 1}_x.js`, { up: [] }] as const);
    await using client = await new MongoClient(place.url, { monitorCommands: true }).connect();
    const adapter = mongo({ client, database: place.db.databaseName });
    await using executor = new MigrationScriptExecutor<Db>({ adapter, migrations: fromModules(files) });
    expect((await executor.migrate()).errors).toEqual([]);
    const asked: string[] = [];
    client.on('commandStarted', ({ commandName }) => asked.push(commandName));
    expect((await executor.migrate()).migrated).toHaveLength(MANY);
    expect(asked.filter((name) => !['hello', 'buildInfo', 'endSessions'].includes(name))).toEqual(['aggregate']);
    expect((await executor.history()).length).toBeGreaterThan(MANY);
  });
});

describe.runIf(server !== null)('the ledger', () => {
  test('F108 is whole after a transaction that was begun anew, and after one that was taken back', async () => {
    await using place = await openPlace();
    await place.db.collection('a').insertOne({ name: 'one', n: 0 });
    const session = await place.open();
    const { lock, history, db } = session;
    const attempt = await lock.tryAcquire({ runId: 'r', username: 'u', host: 'h', pid: process.pid });
    if (attempt.kind === 'held') throw new Error('The lock of a new database is held.');
    await using _lease = attempt.lease;
    await history.init();
    const line = (action: string) => ({ at: 1, runId: 'r', actor: 'u', action, id: null, detail: null });
    await history.append(line('first'));
    let tries = 0;
    await session.transaction({ statements: [] }, async () => {
      tries += 1;
      await db.collection('a').findOne({});
      await history.append(line('second'));
      if (tries === 1) await place.db.collection('a').updateOne({ name: 'one' }, { $inc: { n: 100 } });
      await db.collection('a').updateOne({ name: 'one' }, { $inc: { n: 1 } });
      await history.append(line('third'));
    });
    expect(tries).toBe(2);
    const takenBack = session.transaction({ statements: [] }, async () => {
      await history.append(line('fourth'));
      throw new Error('on purpose');
    });
    await expect(takenBack).rejects.toThrow('on purpose');
    await history.append(line('fifth'));
    const events = await history.events(null);
    expect(events.map(({ seq, action }) => [seq, action])).toEqual([
      [1, 'first'],
      [2, 'second'],
      [3, 'third'],
      [4, 'fifth'],
    ]);
    expect(findBrokenLink(events)).toBeNull();
  });
});
