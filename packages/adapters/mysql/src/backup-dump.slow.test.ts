import { afterEach, describe, expect, test } from 'vitest';
import { dumpingProducts } from './fixtures/dump.ts';
import { exactRows } from './fixtures/exact.ts';
import { dumpable, schema } from './fixtures/fidelity.ts';
import { runScript } from './fixtures/playground.ts';
import { freshPath, nothing, prepared, removeFolders } from './fixtures/shop.ts';

const patient = { timeout: 120_000 };

afterEach(removeFolders);
describe.each(await dumpingProducts('dump', ['MariaDB', 'MySQL']))('$product', ({ product, open }) => {
  test('F82 F84 every value and everything that is written comes back, byte by byte', patient, async () => {
    await using place = await open();
    const session = await prepared(place, ...dumpable(product), ...schema(product));
    const all = (table: string): boolean => table !== 'schema_version_lock';
    const before = await exactRows(place.database, all);
    const fingerprint = await session.fingerprint();
    const sums = await session.backup.sums();
    const manifest = await session.backup.backup(freshPath());
    expect(manifest.objects).toEqual(sums);
    await runScript(session, 'DROP TABLE integers; DROP VIEW a_over;');
    await session.backup.restore(manifest, nothing);
    expect(await session.backup.sums()).toEqual(sums);
    expect(await session.fingerprint()).toBe(fingerprint);
    const after = await exactRows(place.database, all);
    for (const [table, rows] of Object.entries(before)) expect([table, after[table]]).toEqual([table, rows]);
    expect(Object.keys(after)).toEqual(Object.keys(before));
  });
});
