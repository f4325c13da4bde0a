import 'reflect-metadata';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { Module, type DynamicModule, type INestApplicationContext, type Provider } from '@nestjs/common';
import { NestFactory } from '@nestjs/core';
import { HealthCheckService, TerminusModule } from '@nestjs/terminus';
import { afterEach, beforeEach, expect, test } from 'vitest';
import { fromModules, type MigrationScriptExecutor } from '@detent/core';
import { sqlite } from '@detent/sqlite';
import { DetentHealthIndicator, DetentModule, executorToken, healthToken } from './index.ts';

let folder = '';
beforeEach(() => (folder = mkdtempSync(join(tmpdir(), 'detent-nest-'))));
afterEach(() => rmSync(folder, { recursive: true, force: true }));

const file = (name: string): string => join(folder, `${name}.db`);
const options = (name = 'app') => ({
  adapter: sqlite({ url: `sqlite:${file(name)}` }),
  migrations: fromModules({ 'V1_create_items.sql': 'CREATE TABLE items (id integer); INSERT INTO items VALUES (1);' }),
});

function countItems(name = 'app'): unknown {
  const database = new DatabaseSync(file(name));
  try {
    return database.prepare('SELECT count(*) AS n FROM items').get()?.['n'];
  } finally {
    database.close();
  }
}

function start(imports: DynamicModule['imports'] = [], providers: Provider[] = []): Promise<INestApplicationContext> {
  class AppModule {}
  Module({ imports, providers })(AppModule);
  return NestFactory.createApplicationContext(AppModule, { logger: false, abortOnError: false });
}

test('a provider that depends on the executor is made when the table is there', async () => {
  const provider = { provide: 'count', inject: [executorToken()], useFactory: () => countItems() };
  await using app = {
    at: await start([DetentModule.forRoot(options())], [provider]),
    [Symbol.asyncDispose]: () => app.at.close(),
  };
  expect(app.at.get('count')).toBe(1);
});

test('options may come from other providers', async () => {
  class ConfigModule {}
  Module({ providers: [{ provide: 'NAME', useValue: 'other' }], exports: ['NAME'] })(ConfigModule);
  const app = await start([
    DetentModule.forRootAsync({
      imports: [ConfigModule],
      inject: ['NAME'],
      useFactory: (name: string) => options(name),
    }),
  ]);
  expect(countItems('other')).toBe(1);
  await app.close();
});

test('two databases are told apart by name', async () => {
  const app = await start([
    DetentModule.forRoot(options('one')),
    DetentModule.forRoot({ ...options('two'), name: 'two' }),
  ]);
  expect([countItems('one'), countItems('two')]).toEqual([1, 1]);
  const executor = app.get<MigrationScriptExecutor>(executorToken('two'));
  expect((await executor.status()).target).toContain('two.db');
  expect(await app.get<DetentHealthIndicator>(healthToken('two')).isHealthy('two')).toEqual({
    two: { status: 'up', version: '1', pending: 0 },
  });
  await app.close();
});

test('an application that migrates by itself decides when, and Terminus knows what is pending', async () => {
  const app = await start([DetentModule.forRoot({ ...options(), runOn: 'manual' }), TerminusModule]);
  const health = await app.resolve(HealthCheckService);
  const indicator = app.get(DetentHealthIndicator);
  const check = () => health.check([() => indicator.isHealthy('migrations')]);
  await expect(check()).rejects.toMatchObject({
    response: { error: { migrations: { status: 'down', version: null, pending: 1 } } },
  });
  const result = await app.get<MigrationScriptExecutor>(executorToken()).migrate();
  expect(result).toMatchObject({ success: true });
  expect(await check()).toMatchObject({ status: 'ok', info: { migrations: { status: 'up', pending: 0 } } });
  await app.close();
});

test('a migration that failed is pending to the health indicator', async () => {
  const migrations = fromModules({
    'V1_create_items.sql': 'CREATE TABLE items (id integer);',
    'V2_wrong.sql': 'WRONG;',
  });
  const app = await start([DetentModule.forRoot({ ...options(), migrations, runOn: 'manual' })]);
  expect((await app.get<MigrationScriptExecutor>(executorToken()).migrate()).success).toBe(false);
  expect(await app.get(DetentHealthIndicator).isHealthy()).toEqual({
    migrations: { status: 'down', version: '1', pending: 1 },
  });
  await app.close();
});

test('a migration that fails keeps the application from starting', async () => {
  const broken = {
    ...options(),
    migrations: fromModules({ 'V1_create_items.sql': 'CREATE TABEL items (id integer);' }),
  };
  await expect(start([DetentModule.forRoot(broken)])).rejects.toThrow('its migrations failed');
});

test('options that are wrong are refused at once', () => {
  expect(() => DetentModule.forRoot({ ...options(), onFailure: 'serve-503' })).toThrow('nothing says on which port');
  expect(() => DetentModule.forRoot({ ...options(), migration: 'x' } as never)).toThrow(
    'There is no option "migration"',
  );
  expect(() => DetentModule.forRoot({ ...options(), probes: { prot: 1 } } as never)).toThrow('probes.prot');
});
