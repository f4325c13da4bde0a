import { afterEach, describe, expect, test } from 'vitest';
import { accountsAddUp } from './fixtures/others.ts';
import { dumpingProducts } from './fixtures/dump.ts';
import { failureOf } from './fixtures/playground.ts';
import { connectionTo, freshPath, prepared, removeFolders, SHOP } from './fixtures/shop.ts';

const patient = { timeout: 120_000 };

afterEach(removeFolders);

describe.each(await dumpingProducts('dump-others', ['MariaDB']))('by dump, on $product', (product) => {
  accountsAddUp(product.product, product.open);

  test('F91 a transaction that writes and stays open is told, and stops nobody for long', patient, async () => {
    await using place = await product.open();
    await prepared(place, ...SHOP);
    const session = await place.open(undefined, { lockTimeoutMs: 1_000 });
    const other = await connectionTo(place);
    await other.query("BEGIN; INSERT INTO tags VALUES ('late')");
    expect(await failureOf(session.backup.backup(freshPath()))).toMatchObject({
      code: 'BACKUP_FAILED',
      message: expect.stringContaining('nobody writes'),
    });
    await place.database.query("INSERT INTO tags VALUES ('others')");
    await other.query('COMMIT');
    await other.end();
    expect((await session.backup.backup(freshPath())).objects.map(({ name, rows }) => [name, rows])).toEqual([
      ['tags', 5],
      ['users', 1000],
    ]);
  });

  test('F85 who wants to change a table meanwhile and the program never wait for each other', patient, async () => {
    await using place = await product.open();
    const session = await prepared(
      place,
      'CREATE TABLE a_large (id int AUTO_INCREMENT PRIMARY KEY, body longtext)',
      'INSERT INTO a_large (body) SELECT REPEAT(MD5(RAND()), 30000) FROM seq_1_to_60',
      'CREATE TABLE z_last (id int PRIMARY KEY)',
    );
    const changer = await connectionTo(place);
    await changer.query('SET lock_wait_timeout = 60');
    const backup = session.backup.backup(freshPath());
    const change = changer.query('ALTER TABLE z_last ADD COLUMN later int');
    const manifest = await backup;
    await change;
    await changer.end();
    expect(manifest.objects.map(({ name, rows }) => [name, rows])).toEqual([
      ['a_large', 60],
      ['z_last', 0],
    ]);
  });
});
