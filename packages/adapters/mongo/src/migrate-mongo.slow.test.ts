import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { MigrationScriptExecutor } from '@detent/core';
import type { Db } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { openPlace, server, type Place } from './fixtures/places.ts';
import { mongo } from './index.ts';

const FIRST = `module.exports = {
  async up(db, client) {
    const session = client.startSession();
    try {
      await session.withTransaction(async () => {
        await db.collection('albums').insertOne({ artist: 'first' }, { session });
      });
    } finally {
      await session.endSession();
    }
  },
  async down(db, client) {
    await db.collection('albums').deleteMany({ artist: 'first' });
  },
};
`;
const SECOND = `module.exports = {
  up: (db) => db.collection('albums').createIndex({ artist: 1 }),
  down: (db) => db.collection('albums').dropIndex('artist_1'),
};
`;

function executorOn(place: Place): MigrationScriptExecutor<Db> {
  const folder = join(place.folder, 'migrations');
  mkdirSync(folder);
  writeFileSync(join(folder, 'package.json'), '{"type":"commonjs"}');
  writeFileSync(join(folder, '20160608155948-first_album.js'), FIRST);
  writeFileSync(join(folder, '20160608155949-an-index.js'), SECOND);
  const adapter = mongo({ url: place.url });
  return new MigrationScriptExecutor<Db>({ adapter, cwd: place.folder, layout: 'migrate-mongo' });
}

describe.runIf(server !== null)('migrations of migrate-mongo', () => {
  test('run unchanged, up and down', async () => {
    await using place = await openPlace();
    await using executor = executorOn(place);
    const result = await executor.migrate();
    expect(result.errors).toEqual([]);
    expect(result.executed.map(({ name }) => name)).toEqual(['first_album', 'an-index']);
    expect(await place.db.collection('albums').countDocuments()).toBe(1);
    expect((await executor.down({ to: '0' })).errors).toEqual([]);
    expect(await place.db.collection('albums').countDocuments()).toBe(0);
  });

  test('which its changelog has are taken over by a baseline, and can be undone', async () => {
    await using place = await openPlace();
    await place.db.collection('albums').insertOne({ artist: 'first' });
    await place.db.collection('changelog').insertMany([
      { fileName: '20150101000000-long-gone.js', appliedAt: new Date('2015-01-01') },
      { fileName: '20160608155948-first_album.js', appliedAt: new Date('2016-06-08') },
    ]);
    await using executor = executorOn(place);
    const refused = await executor.migrate();
    expect(refused.errors).toMatchObject([
      {
        code: 'BASELINE',
        message: 'By the collection changelog, 1 of these migrations is applied, and would run again.',
        hint: expect.stringContaining('`detent baseline`') as string,
      },
    ]);
    expect(refused.executed).toEqual([]);
    expect(await place.db.collection('albums').countDocuments()).toBe(1);
    const taken = await executor.baseline({});
    expect(taken.errors).toEqual([]);
    expect(taken.changes).toEqual([
      { what: 'left out, because its file is gone', detail: '20150101000000-long-gone.js' },
      { what: 'taken over', detail: '20160608155948-first_album.js' },
    ]);
    expect((await executor.migrate()).executed.map(({ name }) => name)).toEqual(['an-index']);
    expect((await executor.baseline({})).errors.map(({ code }) => code)).toEqual(['BASELINE']);
    expect((await executor.down({ to: '0' })).errors).toEqual([]);
    expect(await place.db.collection('albums').countDocuments()).toBe(0);
  });

  test('without a changelog there is nothing to take over', async () => {
    await using place = await openPlace();
    await using executor = executorOn(place);
    expect((await executor.baseline({})).errors.map(({ code }) => code)).toEqual(['TARGET_UNKNOWN']);
  });
});
