import { fromModules, MigrationScriptExecutor, type MigrationResult } from '@detent/core';
import { expect, test } from 'vitest';
import { playground, type Playground } from './fixtures/playground.ts';
import { postgres } from './index.ts';

/** Runs a script, piece by piece; `failing` stands for the word FAILING in it. */
async function run({ database }: Playground, script: string, failing: string): Promise<MigrationResult> {
  const text = `-- detent:transaction none\n${script.replace('FAILING', failing)}`;
  const executor = new MigrationScriptExecutor({
    adapter: postgres({ url: database.url }),
    migrations: fromModules([['V1_a.sql', text]]),
  });
  const result = await executor.migrate();
  await executor.close();
  return result;
}

test('F34 a script that goes on after a failure has the settings of its first run', async () => {
  await using place = await playground();
  const script = 'CREATE SCHEMA other; SET search_path TO other; FAILING; CREATE TABLE placed (n int);';
  expect((await run(place, script, 'INSERT INTO nowhere VALUES (1)')).errors.map(({ code }) => code)).toEqual([
    'STATEMENT_FAILED',
  ]);
  expect((await run(place, script, 'CREATE TABLE before (n int)')).errors).toEqual([]);
  expect(
    await place.database.query("SELECT schemaname FROM pg_tables WHERE tablename IN ('before', 'placed')"),
  ).toEqual([{ schemaname: 'other' }, { schemaname: 'other' }]);
});

test('a script whose temporary table is gone does not go on without it', async () => {
  await using place = await playground();
  const script =
    'CREATE TABLE a (n int); CREATE TEMP TABLE kept AS SELECT 7 AS n; FAILING; INSERT INTO a SELECT n FROM kept;';
  await run(place, script, 'INSERT INTO nowhere VALUES (1)');
  const [error] = (await run(place, script, 'INSERT INTO a VALUES (1)')).errors;
  expect(error?.code).toBe('UNKNOWN_STATE');
  expect(error?.message).toContain('kept');
});
