import { spawnSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { mariadbServer } from './servers/mariadb.ts';
import { createMongoDatabase, mongoServer } from './servers/mongodb.ts';
import { createMysqlDatabase } from './servers/mysql-common.ts';
import { must, root } from './workspace.ts';

const folder = mkdtempSync(join(tmpdir(), 'detent-start-'));
const dist = (name: string): string => join(root, 'packages', name, 'dist');

/** Starts once as an application would, with what is published; gives the modules that Node loaded, ours by file name. */
function start(
  adapter: 'sqlite' | 'mysql' | 'mongo',
  url: string,
  migrations = 'migrations',
): { readonly executed: number; readonly ours: readonly string[]; readonly nodes: readonly string[] } {
  const program = `
    import { registerHooks } from 'node:module';
    const ours = [];
    registerHooks({ load: (url, context, next) => { if (url.includes('/dist/')) ours.push(url.split('/').at(-1)); return next(url, context); } });
    const { MigrationScriptExecutor } = await import(${JSON.stringify(pathToFileURL(join(dist('core'), 'index.js')).href)});
    const { ${adapter}: adapter } = await import(${JSON.stringify(pathToFileURL(join(dist(`adapters/${adapter}`), 'index.js')).href)});
    const executor = new MigrationScriptExecutor({ adapter: adapter({ url: ${JSON.stringify(url)} }), migrations: ${JSON.stringify(migrations)} });
    const { executed, errors } = await executor.migrate();
    await executor.close();
    if (errors[0] !== undefined) throw errors[0];
    const nodes = process.moduleLoadList.map((each) => each.split(' ').at(-1));
    process.stdout.write(JSON.stringify({ executed: executed.length, ours, nodes }));`;
  const { stdout, stderr, status } = spawnSync(process.execPath, ['--input-type=module', '--eval', program], {
    cwd: folder,
    encoding: 'utf8',
  });
  expect(stderr).toBe('');
  expect(status).toBe(0);
  return JSON.parse(stdout) as ReturnType<typeof start>;
}

beforeAll(() => {
  must('pnpm', ['build']);
  mkdirSync(join(folder, 'migrations'));
  writeFileSync(join(folder, 'migrations', 'V1_a.sql'), 'CREATE TABLE a (id INTEGER);\n');
  mkdirSync(join(folder, 'code'));
  writeFileSync(join(folder, 'code', 'V1_a.mjs'), "export const up = (db) => db.createCollection('a');\n");
});

afterAll(() => rmSync(folder, { recursive: true }));

const working = (names: readonly string[]): readonly string[] => names.filter((name) => /^(?:work|run)-/.test(name));

test('a start that finds nothing to do loads no part that works, and nothing of Node that is for that', () => {
  const first = start('sqlite', 'app.db');
  expect(first.executed).toBe(1);
  expect(working(first.ours)).toHaveLength(2);

  const second = start('sqlite', 'app.db');
  expect(second.executed).toBe(0);
  expect(working(second.ours)).toEqual([]);
  expect(second.nodes.filter((name) => /^(?:perf_hooks|tls|http|internal\/file)$/.test(name ?? ''))).toEqual([]);
});

test('a start on MariaDB that finds nothing to do loads no part that works', { timeout: 120_000 }, async () => {
  const server = await mariadbServer();
  if (server === null) return;
  const database = await createMysqlDatabase(server);
  try {
    const first = start('mysql', database.url);
    expect(first.executed).toBe(1);
    expect(working(first.ours)).toHaveLength(2);

    const second = start('mysql', database.url);
    expect(second.executed).toBe(0);
    expect(working(second.ours)).toEqual([]);
  } finally {
    await database.drop();
  }
});

test('a start on MongoDB that finds nothing to do loads no part that works', { timeout: 120_000 }, async () => {
  const server = await mongoServer();
  if (server === null) return;
  const database = await createMongoDatabase(server);
  try {
    const first = start('mongo', database.url, 'code');
    expect(first.executed).toBe(1);
    expect(working(first.ours)).toHaveLength(2);

    const second = start('mongo', database.url, 'code');
    expect(second.executed).toBe(0);
    expect(working(second.ours)).toEqual([]);
  } finally {
    await database.drop();
  }
});

test('what a start loads is ASCII, so that Node keeps it with one byte for each character', () => {
  for (const name of ['core', 'sql', 'adapters/sqlite', 'adapters/postgres', 'adapters/mysql', 'adapters/mongo'])
    for (const file of readdirSync(dist(name)).filter((each) => each.endsWith('.js')))
      expect(/[^\0-\x7f].{0,40}/.exec(readFileSync(join(dist(name), file), 'latin1'))?.[0], file).toBeUndefined();
});
