import { setTimeout as sleep } from 'node:timers/promises';
import { fromModules, MigrationScriptExecutor } from '@detent/core';
import { createConnection } from 'mysql2/promise';
import { describe, expect, test } from 'vitest';
import { productsFor } from './fixtures/shop.ts';
import { mysql, type MysqlConnection } from './index.ts';

function executorOn(url: string, text: string, timeouts: object): MigrationScriptExecutor<MysqlConnection> {
  const migrations = fromModules({ 'V1_t.sql': 'CREATE TABLE t (n int);', 'V2_rows.sql': text });
  return new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql({ url, lockRetries: 0 }),
    migrations,
    timeouts,
  });
}

/** It takes so many tenths of a second, and ends with an error when it is stopped: one that only sleeps would end without. */
const slow = (tenths: number): string =>
  `INSERT INTO t SELECT SLEEP(0.1) FROM (${Array.from({ length: tenths }, (_, index) => `SELECT ${index} AS n`).join(' UNION ALL ')}) x;`;

describe.each(await productsFor('timeouts'))('$product', ({ open }) => {
  test('each statement has the time that a statement may take', async () => {
    await using place = await open();
    const text = [slow(6), slow(6), slow(6)].join('\n');
    await using executor = executorOn(place.database.url, text, { statementMs: 1_000 });
    expect((await executor.migrate()).errors).toEqual([]);
  });

  test('a statement that takes longer is stopped', async () => {
    await using place = await open();
    const text = `INSERT INTO t VALUES (1);\n${slow(100)}`;
    await using executor = executorOn(place.database.url, text, { statementMs: 500 });
    const { errors } = await executor.migrate();
    expect(errors).toMatchObject([{ code: 'STATEMENT_FAILED', facts: { place: { line: 2 } } }]);
    expect(await place.database.query('SELECT n FROM t')).toEqual([]);
  });

  test('F71 who is in the way of a statement that waits late is named', async () => {
    await using place = await open();
    await place.database.query('CREATE TABLE busy (n int)', 'INSERT INTO busy VALUES (1)');
    const holder = await createConnection(place.database.url);
    const text = `${slow(20)}\nUPDATE busy SET n = 3;`;
    await using executor = executorOn(place.database.url, text, { lockMs: 1_000 });
    const running = executor.migrate();
    await sleep(1_000);
    await holder.query('START TRANSACTION');
    await holder.query('UPDATE busy SET n = 2');
    const [error] = (await running).errors;
    await holder.end();
    expect(error).toMatchObject({ code: 'LOCK_TIMEOUT', facts: { place: { line: 2 } } });
    expect(error?.message).toContain(`connection ${holder.threadId}, `);
  });
});
