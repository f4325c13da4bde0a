import { fromModules, MigrationScriptExecutor, type MigrationResult } from '@detent/core';
import { startProxy } from '@detent/tests/servers/proxy';
import { createConnection } from 'mysql2/promise';
import { expect, test } from 'vitest';
import { openPlace } from './fixtures/places.ts';
import { mysql, type MysqlConnection, type MysqlOptions } from './index.ts';

async function migrate(options: MysqlOptions): Promise<MigrationResult> {
  const executor = new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql(options as never),
    migrations: fromModules([['V1_a.sql', 'INSERT INTO t VALUES (1);']]),
  });
  try {
    return await executor.migrate();
  } finally {
    await executor.close();
  }
}

test('F30 a run whose connection is cut at any message says of its work what is so', { timeout: 60_000 }, async () => {
  let answers = 0;
  for (let at = 1; ; at += 1) {
    await using place = await openPlace();
    const { database } = place;
    await database.query('CREATE TABLE t (n int)');
    await using proxy = await startProxy(database.url, { cut: { at, mode: 'after' } });
    const { executed, errors } = await migrate({ url: proxy.url });
    if (!proxy.hasCut) break;
    const [row] = await database.query('SELECT COUNT(*) AS n FROM t');
    expect({ at, rows: row?.['n'] }).toEqual({ at, rows: String(executed.length) });
    expect(errors.filter(({ facts }) => facts['commit'] === 'unknown')).toEqual([]);
    if (executed.length > 0 && errors.length === 0) answers += 1;
  }
  expect(answers).toBeGreaterThan(0);
});

test("F30 where there is only a user's own connection, a lost answer leaves the question open, and the next run finds out", async () => {
  let open = 0;
  for (let at = 1; ; at += 1) {
    await using place = await openPlace();
    const { database } = place;
    await database.query('CREATE TABLE t (n int)');
    await using proxy = await startProxy(database.url, { cut: { at, mode: 'after' } });
    const connection = await createConnection(proxy.url).catch(() => null);
    connection?.on('error', () => undefined);
    if (connection !== null) {
      const { errors } = await migrate({ connection }).catch((thrown: unknown) => ({ errors: [thrown] }));
      if (JSON.stringify(errors).includes('unknown')) open += 1;
      connection.destroy();
    }
    if (!proxy.hasCut) break;
    expect((await migrate({ url: database.url })).errors).toEqual([]);
    expect(await database.query('SELECT n FROM t')).toEqual([{ n: '1' }]);
  }
  expect(open).toBeGreaterThan(0);
});
