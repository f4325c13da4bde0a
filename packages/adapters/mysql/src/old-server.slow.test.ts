import { fromModules, MigrationScriptExecutor, type MigrationResult } from '@detent/core';
import { startProxy } from '@detent/tests/servers/proxy';
import { ownMariadb, type OwnServer } from '@detent/tests/servers/mariadb-own';
import { createMysqlDatabase } from '@detent/tests/servers/mysql-common';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { LOOKING } from './fixtures/places.ts';
import { mysql, type MysqlConnection } from './index.ts';

let own: OwnServer | null = null;
beforeAll(async () => {
  own = await ownMariadb(['--version=10.5.29-MariaDB']);
});
afterAll(() => own?.[Symbol.asyncDispose]());

async function migrate(url: string, text: string): Promise<MigrationResult> {
  const executor = new MigrationScriptExecutor<MysqlConnection>({
    adapter: mysql({ url }),
    migrations: fromModules([['V1_a.sql', text]]),
  });
  try {
    return await executor.migrate();
  } finally {
    await executor.close();
  }
}

test('F75 on a server whose changes of the schema are not atomic a run that died in one is for a person to settle', async () => {
  if (own === null) return;
  const outcomes = new Set<string>();
  for (let at = 1; ; at += 1) {
    const database = await createMysqlDatabase(own.server);
    await using proxy = await startProxy(database.url, { cut: { at, mode: 'after' } });
    await migrate(proxy.url, 'CREATE TABLE a (n int); INSERT INTO a VALUES (1);');
    if (!proxy.hasCut) break;
    const [error] = (await migrate(database.url, 'CREATE TABLE a (n int); INSERT INTO a VALUES (1);')).errors;
    outcomes.add(error?.code ?? 'done');
  }
  expect(outcomes).toEqual(new Set(['done', 'UNKNOWN_STATE']));
});

test('such a server says so to whoever asks', async () => {
  if (own === null) return;
  const { url } = await createMysqlDatabase(own.server);
  const session = await mysql({ url }).open(LOOKING);
  await session.history.read();
  expect(session.server).toMatchObject({ product: 'MariaDB', version: '10.5.29' });
  expect(session.server.facts).toContainEqual(
    expect.objectContaining({ name: 'changes of the schema', level: 'warn' }) as unknown,
  );
  await session.close();
});
