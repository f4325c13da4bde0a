import { expect, test } from 'vitest';
import { playground } from './fixtures/playground.ts';

async function readAll(
  session: Awaited<ReturnType<Awaited<ReturnType<typeof playground>>['open']>>,
  table: string,
  size: number,
): Promise<unknown[][]> {
  const batches: unknown[][] = [];
  let after: unknown = null;
  for (;;) {
    const { rows, cursor } = await session.batches.read({ table, size, after });
    if (rows.length > 0) batches.push([...rows]);
    if (cursor === null) return batches;
    after = JSON.parse(JSON.stringify(cursor));
  }
}

test.each([
  ['bigint', '(SELECT 9007199254740990 + g FROM generate_series(1, 7) g)'],
  ['text', "(SELECT 'k' || g || '''' FROM generate_series(1, 7) g)"],
  [
    'timestamptz',
    "(SELECT timestamptz '2024-03-31 02:00:00.123456+00' + g * interval '1 microsecond' FROM generate_series(1, 7) g)",
  ],
  ['uuid', '(SELECT gen_random_uuid() FROM generate_series(1, 7) g)'],
  ['numeric(20,5)', '(SELECT g / 3.0 FROM generate_series(1, 7) g)'],
])('a table is read along its key of type %s, each row once', async (type, values) => {
  await using place = await playground();
  await place.database.query(`CREATE TABLE t (k ${type} PRIMARY KEY)`, `INSERT INTO t ${values}`);
  const session = await place.open();
  expect(await session.batches.count('t')).toBe(7);
  const batches = await readAll(session, 't', 3);
  expect(batches.map((rows) => rows.length)).toEqual([3, 3, 1]);
  expect(Object.keys(batches[0]?.[0] ?? {})).toEqual(['k']);
});

test('a key of several columns in a table of another schema is read along all of them', async () => {
  await using place = await playground();
  await place.database.query(
    'CREATE SCHEMA s',
    'CREATE TABLE s."T x" (a int, "b B" text, PRIMARY KEY ("b B", a))',
    "INSERT INTO s.\"T x\" SELECT a, b FROM generate_series(1, 3) a, unnest(ARRAY['x', 'y']) b",
  );
  const session = await place.open();
  expect((await readAll(session, 's.T x', 4)).flat()).toEqual(
    ['x', 'y'].flatMap((b) => [1, 2, 3].map((a) => ({ a, 'b B': b }))),
  );
});

test('a table without a key, and no table, are refused', async () => {
  await using place = await playground();
  await place.database.query('CREATE TABLE t (x int)');
  const session = await place.open();
  await expect(session.batches.read({ table: 't', size: 1, after: null })).rejects.toMatchObject({ code: 'CONFIG' });
  await expect(session.batches.count('gone')).rejects.toMatchObject({ code: 'CONFIG' });
});

test('the sql tag binds values and quotes names', async () => {
  await using place = await playground();
  const session = await place.open();
  const name = 'odd "name"';
  await session.sql`CREATE TABLE ${session.sql.id(name)} (x text, n int)`;
  await session.sql`INSERT INTO ${session.sql.id(name)} VALUES (${"a'; DROP TABLE x; --"}, ${7})`;
  expect(await session.sql`SELECT * FROM ${session.sql.id('public', name)}`).toEqual([
    { x: "a'; DROP TABLE x; --", n: 7 },
  ]);
});
