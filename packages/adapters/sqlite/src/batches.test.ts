import { describe, expect, test } from 'vitest';
import type { MigrationSession } from '@detent/core';
import type { SqliteDatabase } from './driver.ts';
import { DRIVERS, Playground, run } from './harness.ts';

/** Goes through a table, with each cursor as it would be after a restart, and gives the rows as arrays. */
async function readAll(session: MigrationSession<SqliteDatabase>, table: string, size: number): Promise<unknown[][]> {
  const all: unknown[][] = [];
  let after: unknown = null;
  for (;;) {
    const { rows, cursor } = await session.batches.read({ table, size, after });
    expect(rows.length).toBeLessThanOrEqual(size);
    all.push(...rows.map((row) => Object.values(row)));
    if (cursor === null) return all;
    after = JSON.parse(JSON.stringify(cursor));
  }
}

const NUMBERS = 'WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 25)';

describe.each(DRIVERS)('%s', (driver) => {
  test.each([
    ['an integer key', 'CREATE TABLE t (id INTEGER PRIMARY KEY, x)', `INSERT INTO t ${NUMBERS} SELECT i * 3, i FROM n`],
    ['no key', 'CREATE TABLE t (x)', `INSERT INTO t ${NUMBERS} SELECT i FROM n`],
    [
      'a text key with holes',
      'CREATE TABLE t (k TEXT PRIMARY KEY, x)',
      `INSERT INTO t ${NUMBERS} SELECT nullif('k' || i, 'k3'), i FROM n`,
    ],
    [
      'a key of two columns',
      'CREATE TABLE t (a, b, x, PRIMARY KEY (b, a)) WITHOUT ROWID',
      `INSERT INTO t ${NUMBERS} SELECT i % 3, i / 3, i FROM n`,
    ],
    [
      'a key of bytes',
      'CREATE TABLE t (k BLOB PRIMARY KEY, x) WITHOUT ROWID',
      `INSERT INTO t ${NUMBERS} SELECT CAST('k' || i AS BLOB), i FROM n`,
    ],
    [
      'a key beyond 2^53',
      'CREATE TABLE t (k INTEGER PRIMARY KEY, x)',
      `INSERT INTO t ${NUMBERS} SELECT 9007199254740993 + i * 2, i FROM n`,
    ],
    ['a column named rowid', 'CREATE TABLE t (rowid TEXT, x)', `INSERT INTO t ${NUMBERS} SELECT 'same', i FROM n`],
    [
      'a quoted name',
      'CREATE TABLE "t" ("sel""ect" INTEGER PRIMARY KEY, x)',
      `INSERT INTO t ${NUMBERS} SELECT i, i FROM n`,
    ],
  ])('a table with %s is read to its end, each row once', async (_, create, insert) => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, create, insert);
    const expected = Array.from({ length: 25 }, (_row, index) => index + 1);
    for (const size of [1, 4, 5, 25, 100]) {
      const seen = (await readAll(session, 't', size)).map((row) => Number(row.at(-1)));
      expect(seen.toSorted((a, b) => a - b)).toEqual(expected);
    }
    expect(await session.batches.count('t')).toBe(25);
  });

  test('rows have their own columns only, and big numbers stay whole', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(
      session,
      'CREATE TABLE t (id INTEGER PRIMARY KEY, big, b)',
      "INSERT INTO t VALUES (1, 9223372036854775807, x'00ff')",
    );
    const { rows } = await session.batches.read({ table: 't', size: 10, after: null });
    expect(Object.keys(rows[0] ?? {})).toEqual(['id', 'big', 'b']);
    expect(rows[0]).toMatchObject({ id: 1, big: 9223372036854775807n });
  });

  test('rows that the work deletes or adds behind the cursor do not disturb it', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, 'CREATE TABLE t (id INTEGER PRIMARY KEY, x)', `INSERT INTO t ${NUMBERS} SELECT i, i FROM n`);
    let after: unknown = null;
    const seen: unknown[] = [];
    do {
      const { rows, cursor } = await session.batches.read({ table: 't', size: 4, after });
      seen.push(...rows.map((row) => row['id']));
      await run(session, `DELETE FROM t WHERE id <= ${String(seen.at(-1))}`);
      after = cursor;
    } while (after !== null);
    expect(seen).toHaveLength(25);
  });

  test('a table that is not there is a plain error', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await expect(session.batches.count('nope')).rejects.toMatchObject({ code: 'CONFIG' });
    await expect(session.batches.read({ table: 'nope', size: 1, after: null })).rejects.toMatchObject({
      code: 'CONFIG',
    });
    await run(session, 'CREATE TABLE t (id INTEGER PRIMARY KEY)');
    await expect(session.batches.read({ table: 't', size: 1, after: 'somewhere' })).rejects.toMatchObject({
      code: 'CONFIG',
    });
  });
});
