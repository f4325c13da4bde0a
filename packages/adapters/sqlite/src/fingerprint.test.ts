import { expect, test } from 'vitest';
import { Playground, run, take } from './harness.ts';

const SHOP = [
  'CREATE TABLE customers (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE, joined TEXT DEFAULT CURRENT_TIMESTAMP)',
  'CREATE TABLE orders (id INTEGER PRIMARY KEY, customer INTEGER REFERENCES customers (id) ON DELETE CASCADE, total INTEGER CHECK (total >= 0))',
  'CREATE INDEX orders_by_customer ON orders (customer)',
  'CREATE VIEW totals AS SELECT customer, sum(total) AS total FROM orders GROUP BY customer',
  "CREATE TRIGGER no_negative BEFORE UPDATE ON orders WHEN new.total < 0 BEGIN SELECT raise(ABORT, 'no'); END",
];

async function fingerprintOf(...texts: readonly string[]): Promise<string> {
  await using playground = new Playground();
  const session = await playground.open();
  await run(session, ...texts);
  return await session.fingerprint();
}

test.each([
  ['a column added and dropped', ['ALTER TABLE orders ADD COLUMN note TEXT', 'ALTER TABLE orders DROP COLUMN note']],
  ['a table created and dropped', ['CREATE TABLE spare (id INTEGER)', 'DROP TABLE spare']],
  ['a table renamed there and back', ['ALTER TABLE orders RENAME TO sales', 'ALTER TABLE sales RENAME TO orders']],
  [
    'a column renamed there and back',
    ['ALTER TABLE orders RENAME COLUMN total TO amount', 'ALTER TABLE orders RENAME COLUMN amount TO total'],
  ],
  [
    'an index dropped and made again',
    ['DROP INDEX orders_by_customer', 'CREATE INDEX "orders_by_customer" ON "orders"("customer")'],
  ],
  ['rows', ["INSERT INTO customers (email) VALUES ('a@example.com')"]],
  ['statistics', ['ANALYZE']],
])('%s leaves the fingerprint as it was', async (_, there) => {
  expect(await fingerprintOf(...SHOP, ...there)).toBe(await fingerprintOf(...SHOP));
});

test.each([
  ['a column', 'ALTER TABLE orders ADD COLUMN note TEXT'],
  ['a table', 'CREATE TABLE spare (id INTEGER)'],
  ['an index', 'CREATE UNIQUE INDEX orders_total ON orders (total)'],
  ['a dropped trigger', 'DROP TRIGGER no_negative'],
  ['a dropped view', 'DROP VIEW totals'],
])('%s changes the fingerprint', async (_, change) => {
  expect(await fingerprintOf(...SHOP, change)).not.toBe(await fingerprintOf(...SHOP));
});

test.each([
  ['the type of a column', 'CREATE TABLE a (x INTEGER)', 'CREATE TABLE a (x TEXT)'],
  ['a default', "CREATE TABLE a (x TEXT DEFAULT 'A')", "CREATE TABLE a (x TEXT DEFAULT 'a')"],
  ['a check', 'CREATE TABLE a (x CHECK (x > 0))', 'CREATE TABLE a (x CHECK (x > 1))'],
  [
    'the action of a foreign key',
    'CREATE TABLE a (x REFERENCES a (x))',
    'CREATE TABLE a (x REFERENCES a (x) ON DELETE CASCADE)',
  ],
  ['STRICT', 'CREATE TABLE a (x INTEGER)', 'CREATE TABLE a (x INTEGER) STRICT'],
  ['the order of columns', 'CREATE TABLE a (x, y)', 'CREATE TABLE a (y, x)'],
])('%s is part of the fingerprint', async (_, one, other) => {
  expect(await fingerprintOf(one)).not.toBe(await fingerprintOf(other));
});

test('neither the order of creation nor the way of writing is part of the fingerprint', async () => {
  const one = await fingerprintOf('CREATE TABLE a (x INTEGER)', 'CREATE TABLE b (y TEXT)');
  const other = await fingerprintOf('create table "b" (\n  y text -- why\n)', 'create  table a(x integer)');
  expect(other).toBe(one);
});

test("Detent's own tables are not part of the fingerprint", async () => {
  await using playground = new Playground();
  const session = await playground.open();
  const before = await session.fingerprint();
  await using lease = await take(session);
  await session.history.init();
  expect(lease.token).toBe(1);
  expect(await session.fingerprint()).toBe(before);
});
