import { describeDamage } from '@detent/tests/backup-damage';
import { describe, expect, test } from 'vitest';
import { damageOn } from './fixtures/damage.ts';
import { dumpingProducts } from './fixtures/dump.ts';

const products = await dumpingProducts('dump-damage', ['MariaDB']);

describe.each(products)('by dump, on $product', (product) => {
  describeDamage(damageOn(product));
});

test('a program that cannot be had is told by its absence', () => {
  expect(products.length).toBeLessThan(2);
});
