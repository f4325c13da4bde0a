import { spawnSync } from 'node:child_process';
import { chmodSync, existsSync, mkdirSync, readdirSync, statSync, truncateSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import BetterDatabase from 'better-sqlite3';
import { describe, expect, test } from 'vitest';
import { DRIVERS, Playground, rows, run, statement, take } from './harness.ts';

describe.each(DRIVERS)('%s', (driver) => {
  test('looking at a database that is not there creates nothing', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    expect(await session.history.read()).toEqual({ exists: false, entries: [] });
    expect(await session.history.load('1')).toBeNull();
    expect(await session.history.events(null)).toEqual([]);
    expect(await session.lock.holder()).toBeNull();
    expect(await session.backup.check(playground.folder)).toEqual([]);
    expect(session.server.facts.find(({ name }) => name === 'size')?.value).toBe('not created yet');
    await session.fingerprint();
    expect(readdirSync(playground.folder)).toEqual([]);
  });

  test('a file that appears after opening is seen', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    const empty = await session.fingerprint();
    const other = await playground.open({ driver });
    await run(other, 'CREATE TABLE t (x)');
    expect(await session.fingerprint()).not.toBe(empty);
  });

  test('a file that Detent creates is in WAL mode', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await using lease = await take(session);
    expect(lease.token).toBe(1);
    expect(await rows(session, 'PRAGMA journal_mode')).toEqual([['wal']]);
  });

  test('a file that stands keeps its journal mode unless told', async () => {
    await using playground = new Playground();
    const before = new DatabaseSync(playground.file);
    before.exec('CREATE TABLE t (x)');
    before.close();
    const session = await playground.open({ driver });
    await run(session, 'INSERT INTO t VALUES (1)');
    expect(await rows(session, 'PRAGMA journal_mode')).toEqual([['delete']]);
    const told = await playground.open({ driver, url: `sqlite:${playground.file}?journalMode=wal&synchronous=normal` });
    await run(told, 'INSERT INTO t VALUES (1)');
    expect(await rows(told, 'PRAGMA journal_mode')).toEqual([['wal']]);
    expect(await rows(told, 'PRAGMA synchronous')).toEqual([[1]]);
  });

  test.each([
    ['a missing folder', 'no/such/app.db', 'does not exist', () => undefined],
    ['a folder in place of the file', 'app.db', 'is a folder', (path: string) => mkdirSync(path)],
    [
      'a file in place of the folder',
      'f/app.db',
      'not a folder',
      (path: string) => writeFileSync(join(path, '..'), ''),
    ],
    [
      'a text file',
      'app.db',
      'not a SQLite database',
      (path: string) => writeFileSync(path, 'These are not the bytes of a database. '.repeat(50)),
    ],
  ])('%s is a plain error', async (_, name, words, prepare) => {
    await using playground = new Playground();
    const url = join(playground.folder, name);
    prepare(url);
    await expect(playground.open({ driver, url })).rejects.toMatchObject({
      code: 'CONNECTION',
      message: expect.stringContaining(words) as string,
      hint: expect.any(String) as string,
    });
  });

  test('a session opened to look only writes nothing', async () => {
    await using playground = new Playground();
    await run(await playground.open({ driver }), 'CREATE TABLE t (x)');
    const session = await playground.open({ driver }, { readOnly: true });
    expect(await rows(session, 'SELECT count(*) FROM t')).toEqual([[0]]);
    await expect(run(session, 'INSERT INTO t VALUES (1)')).rejects.toMatchObject({ code: 'READ_ONLY' });
    await expect(take(session)).rejects.toMatchObject({ code: 'READ_ONLY' });
  });

  test('settings that a migration changed are put back by reset', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    for (const text of ['PRAGMA foreign_keys = OFF', 'PRAGMA recursive_triggers = ON', 'CREATE TEMP TABLE t (x)']) {
      await session.execute([statement(text)], 'f.sql');
    }
    await session.reset();
    expect(await rows(session, 'PRAGMA foreign_keys')).toEqual([[1]]);
    expect(await rows(session, 'PRAGMA recursive_triggers')).toEqual([[0]]);
    expect(await rows(session, 'SELECT name FROM temp.sqlite_schema')).toEqual([]);
  });

  test('the facts for doctor name file, mode and driver', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, 'CREATE TABLE t (x)');
    const facts = new Map(session.server.facts.map(({ name, value }) => [name, value]));
    expect(facts.get('file')).toBe(playground.file);
    expect(facts.get('journal mode')).toBe('wal');
    expect(facts.get('driver')).toMatch(new RegExp(`^${driver} \\d+\\.\\d+`));
    expect(facts.get('integrity')).toBe('ok');
    expect(session.server.version).toMatch(/^3\.\d+/);
  });

  test('F103 the name of the history table is quoted, and never run', async () => {
    await using playground = new Playground();
    const table = 'h"; DROP TABLE t; --';
    const session = await playground.open({ driver }, { table });
    await run(session, 'CREATE TABLE t (x)');
    await using lease = await take(session);
    await session.history.init();
    expect(lease.token).toBe(1);
    expect(await rows(session, "SELECT name FROM sqlite_schema WHERE type = 'table' ORDER BY name")).toEqual([
      [table],
      [`${table}_event`],
      [`${table}_lock`],
      ['t'],
    ]);
    await expect(playground.open({ driver }, { table: 'a\0b' })).rejects.toMatchObject({ code: 'CONFIG' });
    await expect(playground.open({ driver }, { table: '' })).rejects.toMatchObject({ code: 'CONFIG' });
    await expect(playground.open({ driver }, { schema: 'app' })).rejects.toMatchObject({ code: 'CONFIG' });
  });
});

test('a database in memory lives as long as its session, and has no backup', async () => {
  await using playground = new Playground();
  const session = await playground.open({ url: ':memory:' });
  await using lease = await take(session);
  await session.history.init();
  await run(session, 'CREATE TABLE t (x)');
  expect(lease.token).toBe(1);
  expect(await rows(session, 'SELECT count(*) FROM t')).toEqual([[0]]);
  expect(session.capabilities.backup).toEqual(expect.any(String));
});

test.each([
  ['node:sqlite', (path: string) => new DatabaseSync(path)],
  ['better-sqlite3', (path: string) => new BetterDatabase(path)],
])("a user's own database of %s is used and left open", async (name, openDatabase) => {
  await using playground = new Playground();
  const database = openDatabase(playground.file);
  const session = await playground.open({ database });
  expect(session.db).toBe(database);
  const lease = await take(session);
  await session.history.init();
  await run(session, 'CREATE TABLE t (x)');
  const manifest = await session.backup.backup(join(playground.folder, 'b.backup'));
  await run(session, 'INSERT INTO t VALUES (1)');
  await session.backup.restore(manifest, async () => undefined);
  await lease[Symbol.asyncDispose]();
  await session.close();
  expect(Object.values(database.prepare('SELECT count(*) FROM t').get() as object)).toEqual([0]);
  database.close();
  await expect(playground.open({ database })).rejects.toMatchObject({
    code: 'CONFIG',
    message: expect.stringContaining('closed') as string,
  });
  expect(name).toBeTypeOf('string');
});

const CHILD = `
  import { createAdapter } from ${JSON.stringify(new URL('./adapter.ts', import.meta.url).href)};
  const [url, readOnly] = process.argv.slice(-2);
  const quiet = () => undefined;
  try {
    const session = await createAdapter({ url }).open({
      table: 'schema_version', schema: null, readOnly: readOnly === 'true', connectTimeoutMs: 1000, lockTimeoutMs: 1000, statementTimeoutMs: 0,
      logger: { debug: quiet, info: quiet, warn: quiet, error: quiet },
    });
    const [row] = await session.sql\`SELECT count(*) AS n FROM t\`;
    if (readOnly !== 'true') await session.transaction({ statements: [] }, async () => undefined);
    console.log(row.n);
  } catch (error) {
    console.log(error.code, error.hint);
  }`;

/** As a user who may do nothing, where the tests run as one who may do everything. */
function asStranger(url: string, readOnly: boolean): string {
  const identity = process.getuid?.() === 0 ? { uid: 65_534, gid: 65_534 } : {};
  const args = ['--conditions=source', '--input-type=module', '-e', CHILD, url, String(readOnly)];
  const { stdout, stderr } = spawnSync(process.execPath, args, { encoding: 'utf8', ...identity });
  return stdout.trim() || stderr;
}

test('a database without the right to write is a plain error for who writes, and none for who looks', async () => {
  await using playground = new Playground();
  const session = await playground.open();
  await run(session, 'CREATE TABLE t (x)');
  await session.close();
  chmodSync(playground.folder, 0o755);
  chmodSync(playground.file, 0o444);
  expect(asStranger(playground.file, false)).toMatch(/^READ_ONLY Give this user the right/);
  chmodSync(playground.folder, 0o555);
  expect(existsSync(`${playground.file}-wal`)).toBe(false);
  expect(asStranger(playground.file, true)).toBe('0');
  expect(asStranger(playground.file, false)).toMatch(/^READ_ONLY Give this user the right/);
  expect(statSync(playground.file).mode & 0o777).toBe(0o444);
  chmodSync(playground.folder, 0o755);
});

test.each([
  ['node:sqlite', (path: string) => new DatabaseSync(path, { readBigInts: true, returnArrays: true })],
  ['better-sqlite3', (path: string) => new BetterDatabase(path).defaultSafeIntegers(true)],
])("F72 the settings of a user's own database of %s do not get in the way", async (_, openDatabase) => {
  await using playground = new Playground();
  const database = openDatabase(playground.file);
  const session = await playground.open({ database });
  await using lease = await take(session);
  await session.history.init();
  await session.history.append({ at: 1, runId: 'run-1', actor: 'tester', action: 'applied', id: '1', detail: null });
  await run(
    session,
    'CREATE TABLE p (id INTEGER PRIMARY KEY)',
    'CREATE TABLE c (p REFERENCES p (id) ON DELETE CASCADE)',
    'INSERT INTO p VALUES (1)',
    'INSERT INTO c VALUES (1)',
  );
  await run(
    session,
    'CREATE TABLE n (id INTEGER PRIMARY KEY, x)',
    'INSERT INTO n (id) SELECT id FROM p',
    'DROP TABLE p',
    'ALTER TABLE n RENAME TO p',
  );
  expect(lease.token).toBe(1);
  expect(await rows(session, 'SELECT count(*) FROM c')).toEqual([[1]]);
  expect((await session.history.events(null)).map(({ seq }) => seq)).toEqual([1]);
});

test.each(DRIVERS)('a log that is cut off below a reader is a plain error: %s', async (driver) => {
  await using playground = new Playground();
  const session = await playground.open({ driver });
  await run(session, 'CREATE TABLE t (x)');
  // As another copy of SQLite in the process does, which knows nothing of the locks of this one.
  truncateSync(`${playground.file}-wal`);
  await expect(playground.open({ driver })).rejects.toMatchObject({
    code: 'CONNECTION',
    hint: expect.stringContaining('same driver') as string,
    facts: { serverCode: expect.stringContaining('SQLITE_IOERR') as string },
  });
});
