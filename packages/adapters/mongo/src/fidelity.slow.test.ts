import { join } from 'node:path';
import { figure } from '@detent/tests/size';
import { BSON, type Db, type Document } from 'mongodb';
import { describe, expect, test } from 'vitest';
import { bytesIn, insertRaw } from './fixtures/bytes.ts';
import { DOCUMENTS } from './fixtures/every-type.ts';
import { openPlace, server } from './fixtures/places.ts';
import { STRUCTURES } from './fixtures/structures.ts';
import { mongo } from './index.ts';
import { rawStructures } from './structures.ts';

/** What the server makes or keeps of what it is asked; the rest, by name, is what it refuses. */
async function tryAll<T>(
  asked: Readonly<Record<string, T>>,
  ask: (what: T, name: string) => Promise<unknown>,
): Promise<{ readonly kept: readonly string[]; readonly refused: readonly string[] }> {
  const kept: string[] = [];
  const refused: string[] = [];
  for (const [name, what] of Object.entries(asked)) {
    const isKept = await ask(what, name).then(
      () => true,
      () => false,
    );
    (isKept ? kept : refused).push(name);
  }
  return { kept, refused };
}

/** Options and indexes as the server's own bytes, by name. */
async function structuresIn(db: Db): Promise<Record<string, unknown>> {
  const hex = (bytes: Uint8Array): string => Buffer.from(bytes).toString('hex');
  const found = (await rawStructures(db)).filter(({ name }) => !name.startsWith('schema_version'));
  return Object.fromEntries(
    found.map(({ name, type, options, indexes }) => [name, [type, hex(options), indexes.map(hex).toSorted()]]),
  );
}

describe.runIf(server !== null)('a backup and its restore', () => {
  test.each([false, true])(
    'F82 keep the bytes of every type of BSON at its edges, packed: %s',
    { timeout: 120_000 },
    async (gzip) => {
      await using place = await openPlace();
      const { kept, refused } = await tryAll(DOCUMENTS, (bytes) => insertRaw(place.db, 'every', [bytes]));
      figure(
        `of ${Object.keys(DOCUMENTS).length} documents ${server?.product} refuses: ${refused.join(', ') || 'none'}`,
      );
      expect(kept.length).toBeGreaterThan(70);
      const before = await bytesIn(place.db, 'every');
      const changed = kept.filter((name) => !before.includes(DOCUMENTS[name]?.toString('hex') ?? ''));
      // A server takes it for a wish to be told the time, and so it is no zero that a backup has to keep.
      expect(changed.filter((name) => name !== 'a timestamp of zero on top')).toEqual([]);
      await using executor = place.executor({}, { adapter: mongo({ url: place.url, gzip }) });
      const path = join(place.folder, 'b');
      expect((await executor.backup({ path })).errors).toEqual([]);
      await place.db.collection('every').drop();
      expect((await executor.restore({ path })).errors).toEqual([]);
      expect(await bytesIn(place.db, 'every')).toEqual(before);
    },
  );

  test('keep every option, validator, index and view', { timeout: 120_000 }, async () => {
    await using place = await openPlace();
    const { db } = place;
    const { kept, refused } = await tryAll(STRUCTURES, async (commands) => {
      for (const command of commands) await db.command(BSON.EJSON.parse(JSON.stringify(command)) as Document);
    });
    figure(
      `of ${Object.keys(STRUCTURES).length} structures ${server?.product} refuses: ${refused.join(', ') || 'none'}`,
    );
    expect(kept.length).toBeGreaterThan(20);
    const before = await structuresIn(db);
    await using executor = place.executor({});
    const path = join(place.folder, 'b');
    expect((await executor.backup({ path })).errors).toEqual([]);
    for (const name of Object.keys(before)) await db.collection(name).drop();
    expect((await executor.restore({ path })).errors).toEqual([]);
    expect(await structuresIn(db)).toEqual(before);
  });
});
