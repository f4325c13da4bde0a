import { afterEach, describe, expect, test } from 'vitest';
import { describeOthers } from './fixtures/others.ts';
import { connectionTo, freshPath, prepared, productsFor, removeFolders, SHOP } from './fixtures/shop.ts';

const patient = { timeout: 120_000 };

afterEach(removeFolders);

describe.each(await productsFor('others'))('by copy, on $product', (product) => {
  describeOthers(product);

  test('F91 what a transaction wrote that was open when the backup began is seen', patient, async () => {
    await using place = await product.open();
    const session = await prepared(place, ...SHOP);
    const other = await connectionTo(place);
    await other.query("BEGIN; INSERT INTO tags VALUES ('late')");
    const manifest = await session.backup.backup(freshPath());
    await other.query('COMMIT');
    await other.end();
    expect(await session.backup.othersWrote(manifest)).toBe(true);
  });
});
