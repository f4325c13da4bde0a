import { afterEach, describe } from 'vitest';
import { dumpingProducts } from './fixtures/dump.ts';
import { describeOthers } from './fixtures/others.ts';
import { removeFolders } from './fixtures/shop.ts';

afterEach(removeFolders);

describe.each(await dumpingProducts('dump-others', ['MariaDB', 'MySQL']))('by dump, on $product', (product) => {
  describeOthers(product);
});
