import { delimiter } from 'node:path';
import process from 'node:process';
import { mysqlClient } from '@detent/tests/servers/mysql-client';
import { afterEach, beforeEach, describe, expect, test, vi } from 'vitest';
import { exactRows } from './fixtures/exact.ts';
import { dumpable, schema } from './fixtures/fidelity.ts';
import { runScript } from './fixtures/playground.ts';
import { freshPath, nothing, prepared, productsFor, removeFolders } from './fixtures/shop.ts';

const patient = { timeout: 120_000 };

afterEach(removeFolders);
afterEach(() => void vi.unstubAllEnvs());

describe.each(await productsFor('dump', 'dump'))('$product', ({ product, open }) => {
  let programs = '';
  beforeEach(async ({ skip }) => {
    programs = (await mysqlClient(product)) ?? skip('The program is not here.');
    vi.stubEnv('PATH', [programs, process.env['PATH']].join(delimiter));
  });

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
