import { createHash } from 'node:crypto';
import { join } from 'node:path';
import { BSON } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { bytesIn, documentOf, element, insertRaw } from './fixtures/bytes.ts';
import { openPlace, server } from './fixtures/places.ts';
import { mongo } from './index.ts';

const id = (n: number): Buffer => element(0x10, '_id', Buffer.from([n, 0, 0, 0]).toString('hex'));

/** What JavaScript values cannot hold: names that are numbers out of order, old types, other zeros and NaNs. */
const ODD: Readonly<Record<string, Buffer>> = {
  'names that are numbers': documentOf(
    id(1),
    element(0x08, '9', '01'),
    element(0x08, '10', '00'),
    element(0x08, '2', '01'),
  ),
  'a NaN with a payload': documentOf(id(2), element(0x01, 'n', '010000000000f87f')),
  'a negative NaN': documentOf(id(3), element(0x01, 'n', '000000000000f8ff')),
  'the name __proto__': documentOf(id(4), element(0x08, '__proto__', '01')),
  'a zero of a double and of an int': documentOf(
    id(5),
    element(0x01, 'a', '0000000000000080'),
    element(0x10, 'b', '00000000'),
    element(0x12, 'c', '0000000000000000'),
  ),
  'a binary of the old kind': documentOf(id(6), element(0x05, 'b', '0600000002020000000102')),
  'a decimal that is not in its shortest form': documentOf(
    id(7),
    element(0x13, 'd', '0a0000000000000000000000003c3030'.slice(0, 32)),
  ),
  'a timestamp inside': documentOf(
    id(8),
    element(0x03, 't', documentOf(element(0x11, 'x', '0000000000000000')).toString('hex')),
  ),
};

describe.runIf(server !== null)('a backup', () => {
  test.each([false, true])(
    'F82 keeps every byte of documents that JavaScript would change, packed: %s',
    async (gzip) => {
      await using place = await openPlace();
      await insertRaw(place.db, 'odd', Object.values(ODD));
      const before = await bytesIn(place.db, 'odd');
      expect(before).toHaveLength(Object.keys(ODD).length);
      await using executor = place.executor({}, { adapter: mongo({ url: place.url, gzip }) });
      const path = join(place.folder, 'b');
      expect((await executor.backup({ path })).errors).toEqual([]);
      await place.db.collection('odd').deleteMany({});
      expect((await executor.restore({ path })).errors).toEqual([]);
      expect(await bytesIn(place.db, 'odd')).toEqual(before);
    },
  );

  test('F90 of many documents is streamed, and comes back whole', async () => {
    await using place = await openPlace();
    const words = 'abcdefgh'.repeat(40);
    for (let part = 0; part < 10; part += 1)
      await place.db.collection('many').insertMany(Array.from({ length: 1_000 }, (_, n) => ({ part, n, words })));
    const sum = async (): Promise<string> =>
      createHash('sha256')
        .update((await bytesIn(place.db, 'many')).join())
        .digest('hex');
    const before = await sum();
    await using executor = place.executor({});
    const path = join(place.folder, 'b');
    const { backup } = await executor.backup({ path });
    expect(backup?.objects).toMatchObject([{ name: 'many', rows: 10_000 }]);
    await place.db.collection('many').drop();
    expect((await executor.restore({ path })).errors).toEqual([]);
    expect(await sum()).toBe(before);
  });

  test('a restore that died while it was put in place is finished by the next run', async () => {
    await using place = await openPlace();
    const { db } = place;
    await db.collection<{ _id: number }>('a').insertOne({ _id: 1 });
    await db.collection<{ _id: number }>('b').insertOne({ _id: 1 });
    await using executor = place.executor({ 'V1_x.js': { up: [] } });
    expect((await executor.migrate()).errors).toEqual([]);
    const before = [await bytesIn(db, 'a'), await bytesIn(db, 'b')];
    // As a process leaves it that was killed after the first of two collections.
    for (const name of ['a', 'b']) {
      await insertRaw(
        db,
        `__restore_${name}`,
        (await bytesIn(db, name)).map((hex) => Buffer.from(hex, 'hex')),
      );
      await db.collection<{ _id: number }>(name).insertOne({ _id: 2 });
    }
    for (const name of ['schema_version', 'schema_version_event'])
      await insertRaw(
        db,
        `__restore_${name}`,
        (await bytesIn(db, name)).map((hex) => Buffer.from(hex, 'hex')),
      );
    const names = ['a', 'b', 'schema_version_event', 'schema_version'];
    await db
      .collection<{ _id: string }>('schema_version_lock')
      .insertOne({ _id: 'restore', names, views: [], path: 'somewhere' } as never);
    await db.collection('__restore_a').rename('a', { dropTarget: true });
    await using next = place.executor({ 'V1_x.js': { up: [] }, 'V2_x.js': { up: [] } });
    expect((await next.migrate()).executed.map(({ id: version }) => version)).toEqual(['2']);
    expect([await bytesIn(db, 'a'), await bytesIn(db, 'b')]).toEqual(before);
    const left = await db.listCollections({}, { nameOnly: true }).toArray();
    expect(left.filter(({ name }) => name.startsWith('__restore_'))).toEqual([]);
  });
});

test('the odd documents are documents', () => {
  for (const bytes of Object.values(ODD)) expect(() => BSON.deserialize(bytes)).not.toThrow();
});
