import { expect, test } from 'vitest';
import { percentOf, unreadyIn } from './builds.ts';

/** As MongoDB 4.4 and 8.0 told of builds, shortened to what is looked at and what is not. */
const OF_4_4 = {
  type: 'op',
  desc: 'IndexBuildsCoordinatorMongod-0',
  active: true,
  opid: 1_812_446,
  op: 'command',
  ns: '',
  command: { createIndexes: 'logs', indexes: [{ v: 2, key: { token: 1 }, name: 'token_1', ns: 'app.logs' }] },
  msg: 'Index Build: scanning collection Index Build: scanning collection: 2315996/5126153 45%',
  progress: { done: 2_315_998, total: 5_126_153 },
  waitingForLock: false,
};
const OF_8_0 = [
  {
    type: 'op',
    desc: 'conn322',
    active: true,
    appName: 'detent-1',
    op: 'command',
    ns: 'shop.orders',
    command: { createIndexes: 'orders', indexes: [{ key: { sku: 1 }, name: 'sku_1' }], $db: 'shop' },
    waitingForLock: false,
  },
  {
    type: 'op',
    desc: 'IndexBuildsCoordinatorMongod-5',
    active: true,
    opid: 344_066,
    op: 'command',
    command: { createIndexes: 'orders', indexes: [{ v: 2, key: { sku: 1 }, name: 'sku_1' }] },
    msg: 'Index Build: scanning collection Index Build: scanning collection: 640363/1000000 64%',
    progress: { done: 640_363, total: 1_000_000 },
    waitingForLock: false,
  },
];

test('how far a build is, is what the operation of the server counts', () => {
  expect(percentOf([OF_4_4], { collection: 'logs', index: 'token_1' })).toBe(45);
  expect(percentOf(OF_8_0, { collection: 'orders', index: 'sku_1' })).toBe(64);
  expect(percentOf(OF_8_0, { collection: 'orders', index: 'other_1' })).toBeNull();
  expect(percentOf(OF_8_0.slice(0, 1), { collection: 'orders', index: 'sku_1' })).toBeNull();
  expect(percentOf([], { collection: 'orders', index: 'sku_1' })).toBeNull();
});

test('an index is being built when it is listed with the id of its build', () => {
  const ready = { v: 2, key: { _id: 1 }, name: '_id_' };
  expect(unreadyIn([ready])).toBeNull();
  expect(unreadyIn([ready, { spec: { v: 2, key: { n: 1 }, name: 'n_1' }, buildUUID: 'x' }])).toBe('n_1');
});
