import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { migrate, openPlace, type Place } from './fixtures/places.ts';

/** Somebody who has read a table in a transaction, which keeps its definition until the transaction ends. */
async function reader({ database }: Place): Promise<AsyncDisposable & { readonly id: number }> {
  await database.query('CREATE TABLE busy (n int)', 'INSERT INTO busy VALUES (1)');
  const connection = await createConnection(database.url);
  await connection.query('START TRANSACTION');
  await connection.query('SELECT * FROM busy');
  return { id: connection.threadId, [Symbol.asyncDispose]: () => connection.end() };
}

test('F69 F70 F71 a change of a table that somebody reads gives up in time, and says who it may be', async () => {
  await using place = await openPlace();
  await using other = await reader(place);
  const result = await migrate(
    place,
    { 'V1_a.sql': '-- detent:timeout lock=1s\nALTER TABLE busy ADD COLUMN m int;' },
    { lockRetries: 0 },
  );
  const [error] = result.errors;
  expect(error?.code).toBe('LOCK_TIMEOUT');
  expect(error?.message).toContain(`connection ${other.id}, `);
  expect(error?.facts['blockers']).toHaveLength(1);
  expect(result).toMatchObject({ rollback: 'none-needed' });
});

test('F69 a change of a table that somebody reads is tried again until it gets its lock', async () => {
  await using place = await openPlace();
  const other = await reader(place);
  const running = migrate(place, { 'V1_a.sql': '-- detent:timeout lock=1s\nALTER TABLE busy ADD COLUMN m int;' });
  setTimeout(() => void other[Symbol.asyncDispose](), 1_500);
  expect((await running).errors).toEqual([]);
});

test('F70 rows that somebody has locked are waited for as long as is allowed', async () => {
  await using place = await openPlace();
  await using other = await reader(place);
  expect(other.id).toBeGreaterThan(0);
  const holder = await createConnection(place.database.url);
  await holder.query('START TRANSACTION');
  await holder.query('UPDATE busy SET n = 2');
  const script = '-- detent:timeout lock=1s\nUPDATE busy SET n = 3;';
  const result = await migrate(place, { 'V1_a.sql': script }, { lockRetries: 0 });
  expect(result.errors.map(({ code }) => code)).toEqual(['LOCK_TIMEOUT']);
  await holder.end();
  expect((await migrate(place, { 'V1_a.sql': script })).errors).toEqual([]);
});

test('a statement that runs too long is ended', async () => {
  await using place = await openPlace();
  const script = '-- detent:timeout statement=500ms\nCREATE TABLE a (n int); INSERT INTO a SELECT SLEEP(20);';
  const [error] = (await migrate(place, { 'V1_a.sql': script })).errors;
  expect(error?.code).toBe('STATEMENT_FAILED');
  expect(error?.hint).toContain('statement=');
});
