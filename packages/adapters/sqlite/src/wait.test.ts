import { mkdirSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fromModules, MigrationScriptExecutor, type Logger } from '@detent/core';
import { expect, test } from 'vitest';
import { Playground } from './harness.ts';
import { sqlite } from './index.ts';

const quiet = (): void => undefined;

function executorIn(folder: string, waitMs: number, warned: string[] = []): MigrationScriptExecutor {
  const logger: Logger = { debug: quiet, info: quiet, warn: (message) => void warned.push(message), error: quiet };
  return new MigrationScriptExecutor({
    adapter: sqlite({ url: join(folder, 'app.db') }),
    migrations: fromModules({ 'V1_t.sql': 'CREATE TABLE t (id int);' }),
    timeouts: { waitMs },
    logger,
  });
}

test('a database that is not there yet is waited for, and that is said once', async () => {
  await using playground = new Playground();
  const later = join(playground.folder, 'later');
  const warned: string[] = [];
  await using executor = executorIn(later, 60_000, warned);
  const running = executor.migrate();
  await sleep(1_200);
  mkdirSync(later);
  expect((await running).executed.map(({ id }) => id)).toEqual(['1']);
  expect(warned).toEqual([
    expect.stringMatching(/^The folder .*later does not exist\. Trying again for up to 60 s\.$/),
  ]);
});

test('one that does not come in time is the error that it was', async () => {
  await using playground = new Playground();
  await using executor = executorIn(join(playground.folder, 'never'), 600);
  expect((await executor.migrate()).errors).toMatchObject([{ code: 'CONNECTION' }]);
  await expect(executor.status()).rejects.toMatchObject({ code: 'CONNECTION' });
});

test('nobody waits unless told', async () => {
  await using playground = new Playground();
  const warned: string[] = [];
  await using executor = executorIn(join(playground.folder, 'never'), 0, warned);
  expect((await executor.migrate()).errors).toMatchObject([{ code: 'CONNECTION' }]);
  expect(warned).toEqual([]);
});

test('a run that is told to stop does not wait on', async () => {
  await using playground = new Playground();
  await using executor = executorIn(join(playground.folder, 'never'), 600_000);
  const stop = new AbortController();
  const running = executor.migrate({ signal: stop.signal });
  await sleep(100);
  stop.abort();
  expect((await running).errors).toMatchObject([{ code: 'CANCELLED' }]);
});

test('an executor that is closed does not wait on either', async () => {
  await using playground = new Playground();
  const executor = executorIn(join(playground.folder, 'never'), 600_000);
  const looking = executor.status();
  await sleep(100);
  const closing = executor.close();
  await expect(looking).rejects.toMatchObject({ code: 'CANCELLED' });
  await closing;
});
