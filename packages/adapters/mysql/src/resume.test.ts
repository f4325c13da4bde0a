import type { MigrationResult } from '@detent/core';
import { expect, test } from 'vitest';
import { migrate, openPlace, type Place, type RunOptions } from './fixtures/places.ts';

/** Runs a script; `failing` stands for the word FAILING in it. */
function run(place: Place, script: string, failing: string, options?: RunOptions): Promise<MigrationResult> {
  return migrate(place, { 'V1_a.sql': script.replace('FAILING', failing) }, options);
}

const BROKEN = 'ALTER TABLE nowhere ADD COLUMN n int';

function codesOf({ errors }: MigrationResult): string[] {
  return errors.map(({ code }) => code);
}

test('F34 a script that goes on after a failure has the settings of its first run', async () => {
  await using place = await openPlace();
  const { database } = place;
  const other = `${database.name}_other`;
  const script = `CREATE DATABASE ${other}; USE ${other}; SET @name = 'kept'; FAILING; CREATE TABLE placed (name text); INSERT INTO placed VALUES (@name);`;
  try {
    expect(codesOf(await run(place, script, BROKEN))).toEqual(['STATEMENT_FAILED']);
    expect(codesOf(await run(place, script, 'CREATE TABLE first (n int)'))).toEqual([]);
    expect(await database.query(`SELECT name FROM ${other}.placed`)).toEqual([{ name: 'kept' }]);
  } finally {
    await database.query(`DROP DATABASE IF EXISTS ${other}`);
  }
});

test.each([
  ['a temporary table', 'CREATE TEMPORARY TABLE kept AS SELECT 7 AS n', 'SELECT n FROM kept', 'kept'],
  ['a variable that was computed', 'SET @kept = LAST_INSERT_ID()', 'SELECT @kept', '@kept'],
  ['a variable that a query filled', 'SELECT 7 INTO @kept', 'SELECT @kept', '@kept'],
])('a script does not go on without %s that is gone', async (_, making, using, name) => {
  await using place = await openPlace();
  const script = `CREATE TABLE a (n int); ${making}; FAILING; INSERT INTO a ${using};`;
  expect(codesOf(await run(place, script, BROKEN))).toEqual(['STATEMENT_FAILED']);
  const [error] = (await run(place, script, 'ALTER TABLE a ADD COLUMN m int')).errors;
  expect(error?.code).toBe('UNKNOWN_STATE');
  expect(error?.message).toContain(name);
  expect(await place.database.query('SELECT * FROM a')).toEqual([]);
});

test('F26 under down only what was done is undone, where down is written statement for statement', async () => {
  await using place = await openPlace();
  const { database } = place;
  await database.query('CREATE TABLE base (id int PRIMARY KEY, n int)', 'INSERT INTO base VALUES (1, 10)');
  const script = `-- detent:up
CREATE TABLE a (id int); INSERT INTO a VALUES (1); UPDATE base SET n = n + 1; FAILING; CREATE TABLE b (id int);
-- detent:down
DROP TABLE b; ALTER TABLE base DROP COLUMN m; UPDATE base SET n = n - 1; DROP TABLE a;`;
  const result = await run(place, script, 'ALTER TABLE base ADD COLUMN m nonsense', { rollback: 'down' });
  expect(result).toMatchObject({ rollback: 'complete', errors: [{ code: 'STATEMENT_FAILED' }] });
  expect(await database.query('SELECT * FROM base')).toEqual([{ id: '1', n: '10' }]);
  expect(await database.query("SHOW TABLES LIKE 'a'")).toEqual([]);
});

test('a statement of which the server did a part before it refused the rest is for a person to settle', async () => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE there (n int)');
  // MariaDB drops those that are there, and then complains of the other.
  const script = 'DROP TABLE there, nowhere; CREATE TABLE next (n int);';
  expect(codesOf(await run(place, script, ''))).toEqual(['STATEMENT_FAILED']);
  const again = await run(place, script, '');
  expect(codesOf(again)).toEqual(['UNKNOWN_STATE']);
  expect(again.errors[0]?.hint).toContain('detent resolve 1');
});

test('a failure of the first statement that would change something leaves nothing to undo', async () => {
  await using place = await openPlace();
  const result = await run(place, 'SET @x = 1; FAILING; CREATE TABLE a (n int);', BROKEN);
  expect(result).toMatchObject({ success: false, rollback: 'none-needed', warnings: [] });
});
