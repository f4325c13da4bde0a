import { hash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import type { DatabaseMigrationHandler, MigrationStage } from '@detent/core';
import { ObjectId, type Db } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { openPlace, server, standaloneServer, type Place } from './fixtures/places.ts';

type Handler = DatabaseMigrationHandler<Db>;

/** In the middle of a run that died there: what a killed process leaves is the row as it was. */
async function dieAs(place: Place, changes: Readonly<Record<string, unknown>>): Promise<void> {
  await place.db.collection('schema_version').updateOne({ id: '1' }, { $set: { state: 'running', ...changes } });
}

const broken = (): never => {
  throw new Error('on purpose');
};

describe.runIf(server !== null)('stages', () => {
  test('F95 a change of the schema is outside of the transaction, and documents are inside', async () => {
    await using place = await openPlace();
    const up: MigrationStage<Db>[] = [
      { name: 'make', kind: 'schema', run: (db) => db.createCollection('a') },
      {
        name: 'fill',
        kind: 'data',
        async run(db) {
          await db.collection('a').insertOne({ n: 1 });
          broken();
        },
      },
    ];
    const failing = await place.executor({ 'V1_x.js': { up } }).migrate();
    expect(failing.errors.map(({ code, message }) => [code, message])).toEqual([
      ['SCRIPT_FAILED', 'up() of V1_x.js, stage "fill", threw: on purpose'],
    ]);
    expect(await place.db.collection('a').countDocuments()).toBe(0);
    const mended = up.with(1, { name: 'fill', kind: 'data', run: (db) => db.collection('a').insertOne({ n: 2 }) });
    const result = await place.executor({ 'V1_x.js': { up: mended } }).migrate();
    expect(result.errors).toEqual([]);
    expect(await place.db.collection('a').countDocuments({ n: 2 })).toBe(1);
  });

  test('F95 what no transaction takes is refused in one, with the way out', async () => {
    await using place = await openPlace();
    const calls: Record<string, (db: Db) => unknown> = {
      createIndex: (db) => db.collection('a').createIndex({ n: 1 }),
      collmod: (db) => db.command({ collMod: 'a', validator: {} }),
      rename: (db) => db.collection('a').rename('b'),
      drop: (db) => db.collection('a').drop(),
      createCollection: (db) => db.createCollection('b'),
    };
    for (const [name, run] of Object.entries(calls)) {
      const result = await place.executor({ 'V1_x.js': { up: [{ name, kind: 'data', run }] } }).migrate();
      expect(result.errors.map(({ code, message }) => [code, message.includes(name)])).toEqual([
        ['TRANSACTION_UNFIT', true],
      ]);
    }
    expect(await place.db.listCollections({ name: 'b' }).toArray()).toEqual([]);
  });

  test('a stage that was renamed after it was done is noticed', async () => {
    await using place = await openPlace();
    const make: MigrationStage<Db> = { name: 'make', kind: 'schema', run: (db) => db.createCollection('a') };
    const fill: MigrationStage<Db> = { name: 'fill', kind: 'data', run: broken };
    await place.executor({ 'V1_x.js': { up: [make, fill] } }).migrate();
    const result = await place.executor({ 'V1_x.js': { up: [{ ...make, name: 'create' }, fill] } }).migrate();
    expect(result.errors.map(({ code }) => code)).toEqual(['CHECKSUM']);
  });

  test('a conflict with another writer begins the stage anew', async () => {
    await using place = await openPlace();
    await place.db.collection('a').insertOne({ name: 'one', n: 0 });
    let tries = 0;
    const up: MigrationStage<Db>[] = [
      {
        name: 'count',
        kind: 'data',
        async run(db) {
          tries += 1;
          await db.collection('a').findOne({});
          if (tries === 1) await place.db.collection('a').updateOne({ name: 'one' }, { $inc: { n: 100 } });
          await db.collection('a').updateOne({ name: 'one' }, { $inc: { n: 1 } });
        },
      },
    ];
    expect((await place.executor({ 'V1_x.js': { up } }).migrate()).errors).toEqual([]);
    expect(tries).toBe(2);
    expect((await place.db.collection('a').findOne({}))?.['n']).toBe(101);
  });
});

describe.runIf(server !== null)('batches', () => {
  /** Keys of every kind that a comparison by type would pass over. */
  const keys = [1, 2.5, 'a', 'b', new ObjectId('65427c3f9d1f2b0001a1b2c3'), { a: 1 }, new Date(0), true, 9_007_199_254];

  test('F50 F96 reach every document once, whatever type its key has, and go on where a run died', async () => {
    await using place = await openPlace();
    await place.db.collection<{ _id: unknown; n: number }>('a').insertMany(keys.map((_id) => ({ _id, n: 0 })));
    let batches = 0;
    const stageOf = (dieAfter: number): MigrationStage<Db>[] => [
      {
        name: 'count',
        kind: 'batches',
        run: (db, _info, handler: Handler) =>
          handler.forEachBatch({ table: 'a', size: 2 }, async (rows) => {
            batches += 1;
            if (batches === dieAfter) broken();
            for (const { _id } of rows)
              await db.collection('a').updateOne({ _id: _id as ObjectId }, { $inc: { n: 1 } });
          }),
      },
    ];
    expect((await place.executor({ 'V1_x.js': { up: stageOf(3) } }).migrate()).success).toBe(false);
    expect(await place.db.collection('a').countDocuments({ n: 1 })).toBe(4);
    await dieAs(place, {});
    expect((await place.executor({ 'V1_x.js': { up: stageOf(0) } }).migrate()).errors).toEqual([]);
    expect(await place.db.collection('a').countDocuments({ n: 1 })).toBe(keys.length);
  });

  test('that came to their end do not begin again when the run died after them', async () => {
    await using place = await openPlace();
    await place.db.collection('a').insertMany([{ n: 0 }, { n: 0 }, { n: 0 }]);
    const count: MigrationStage<Db> = {
      name: 'count',
      kind: 'batches',
      async run(db, _info, handler: Handler) {
        await handler.forEachBatch({ table: 'a', size: 2 }, async () => {
          await db.collection('a').updateMany({}, { $inc: { n: 1 } });
        });
        if (!isMended) broken();
      },
    };
    let isMended = false;
    await place.executor({ 'V1_x.js': { up: [count] } }).migrate();
    isMended = true;
    expect((await place.executor({ 'V1_x.js': { up: [count] } }).migrate()).errors).toEqual([]);
    expect(await place.db.collection('a').distinct('n')).toEqual([2]);
  });
});

const standalone = await standaloneServer();

// The end of the run says why there is none.
describe.runIf(standalone !== null)('a standalone server', () => {
  test('F97 is told apart, and a stage in which a run died there is for a person', async () => {
    await using place = await openPlace(standalone);
    const said: string[] = [];
    const logger = { debug() {}, info() {}, error() {}, warn: (words: string) => void said.push(words) };
    const up: MigrationStage<Db>[] = [
      { name: 'fill', kind: 'data', run: (db) => db.collection('a').insertOne({ n: 1 }) },
      {
        name: 'again',
        kind: 'data',
        idempotent: true,
        run: (db) => db.collection('a').updateMany({}, { $set: { m: 1 } }),
      },
    ];
    const executor = place.executor({ 'V1_x.js': { up } }, { logger });
    expect((await executor.inspect()).capabilities).toMatchObject({ transactions: false });
    expect((await executor.migrate()).errors).toEqual([]);
    expect(said.join()).toContain('no transactions');
    const intent = {
      statement: 0,
      hash: hash('sha256', 'fill').slice(0, 16),
      direction: 'up',
      kind: 'data',
      fingerprint: '',
      scope: null,
      after: null,
    };
    await dieAs(place, { statements_done: 0, intent: JSON.stringify({ ...intent, idempotent: false }) });
    const result = await place.executor({ 'V1_x.js': { up } }).migrate();
    expect(result.errors.map(({ code }) => code)).toEqual(['UNKNOWN_STATE']);
    expect(result.errors[0]?.message).toContain('It stopped in stage 1, "fill": ');
    const refused = await place.executor({ 'V2_x.js': { up: [] } }, { rollback: 'backup' }).migrate();
    expect(refused.success).toBe(false);
    await sleep(0);
  });
});
