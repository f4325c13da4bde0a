import { fromModules, MigrationScriptExecutor, type MigrationResult } from '@detent/core';
import { expect, test } from 'vitest';
import { Playground } from './harness.ts';
import { sqlite } from './index.ts';

/** Runs a script, piece by piece; `failing` stands for the word FAILING in it. */
async function run({ file }: Playground, script: string, failing: string): Promise<MigrationResult> {
  const text = `-- detent:transaction none\n${script.replace('FAILING', failing)}`;
  const executor = new MigrationScriptExecutor({
    adapter: sqlite({ url: file }),
    migrations: fromModules([['V1_a.sql', text]]),
  });
  const result = await executor.migrate();
  await executor.close();
  return result;
}

test('F34 a script that goes on after a failure has the settings of its first run', async () => {
  await using place = new Playground();
  const script =
    "PRAGMA case_sensitive_like = ON; CREATE TABLE a (name text); INSERT INTO a VALUES ('X'); FAILING; DELETE FROM a WHERE name LIKE 'x';";
  expect((await run(place, script, 'INSERT INTO nowhere VALUES (1)')).errors.map(({ code }) => code)).toEqual([
    'STATEMENT_FAILED',
  ]);
  expect((await run(place, script, "INSERT INTO a VALUES ('Y')")).errors).toEqual([]);
  const session = await place.open();
  expect(session.db.prepare('SELECT name FROM a ORDER BY name').all()).toEqual([{ name: 'X' }, { name: 'Y' }]);
});

test('a script whose temporary table is gone does not go on without it', async () => {
  await using place = new Playground();
  const script =
    'CREATE TABLE a (n int); CREATE TEMP TABLE kept AS SELECT 7 AS n; FAILING; INSERT INTO a SELECT n FROM kept;';
  await run(place, script, 'INSERT INTO nowhere VALUES (1)');
  const [error] = (await run(place, script, 'INSERT INTO a VALUES (1)')).errors;
  expect(error?.code).toBe('UNKNOWN_STATE');
  expect(error?.message).toContain('kept');
  expect(error?.hint).toContain('detent resolve 1');
});

test('a failure of the first statement that would change something leaves nothing to undo', async () => {
  await using place = new Playground();
  const result = await run(
    place,
    'PRAGMA case_sensitive_like = ON; FAILING; CREATE TABLE a (n int);',
    'DELETE FROM b WHERE n = 1',
  );
  expect(result).toMatchObject({ success: false, rollback: 'none-needed', warnings: [] });
});
