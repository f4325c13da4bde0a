import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { BROKEN, documentOf, project, SHOP, USERS } from './harness.ts';

test('up applies everything, and then finds nothing to do', () => {
  const { detent, rows } = project(SHOP);
  const first = detent('up');
  expect(first.output).toContain('Applied 2 migrations');
  expect(first.code).toBe(0);
  expect(rows("select name from sqlite_schema where name in ('users', 'orders')")).toHaveLength(2);
  const second = detent('migrate');
  expect(second.stdout).toContain('Nothing to do: sqlite:app.db is at version 2, 2 migrations applied.');
  expect(second.code).toBe(0);
});

test('up stops at a version', () => {
  const { detent } = project(SHOP);
  expect(detent('up', '--to', '1').stdout).toContain('at version 1');
  expect(detent('status').stdout).toMatch(/1 applied, 1 pending/);
});

test('a dry run and a plan execute nothing and create nothing', () => {
  const { detent, folder } = project(SHOP);
  for (const args of [['up', '--dry-run'], ['plan'], ['status'], ['validate'], ['history'], ['doctor']]) {
    const { code, output } = detent(...args);
    expect(code, output).toBe(0);
  }
  expect(detent('plan').stdout).toContain('create table users (id integer primary key, name text);');
  expect(existsSync(join(folder, 'app.db'))).toBe(false);
});

test('down undoes the newest; several need a yes, all of them the name', () => {
  const { detent } = project({ ...SHOP, 'migrations/V3_more.sql': USERS.replaceAll('users', 'more') });
  detent('up');
  expect(detent('down').stdout).toContain('Undid 1 migration');
  expect(detent('down', '--steps', '2')).toMatchObject({ code: 4, stderr: expect.stringContaining('pass --yes') });
  expect(detent('down', '--to', '0', '--yes')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('pass --confirm app.db'),
  });
  expect(detent('down', '--to', '0', '--confirm', 'other.db').code).toBe(4);
  expect(detent('down', '--to', '0', '--dry-run')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('2 migrations would run'),
  });
  expect(detent('status').stdout).toContain('2 applied');
  expect(detent('rollback', '--to', '0', '--confirm', 'app.db')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('before the first migration'),
  });
});

test('F51 in production a yes is not enough', () => {
  const { detent } = project({
    ...SHOP,
    'detent.config.json': '{"url":"sqlite:app.db","environments":{"production":{}}}',
  });
  detent('up');
  expect(detent('down', '--steps', '2', '--yes', '--env', 'production')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('--confirm app.db'),
  });
});

test('redo runs an edited file again', () => {
  const { detent, write, rows } = project(SHOP);
  detent('up');
  write({
    'migrations/V2_orders.sql':
      SHOP['migrations/V2_orders.sql']?.replace('primary key)', 'primary key, total integer)') ?? '',
  });
  expect(detent('up')).toMatchObject({ code: 4, stderr: expect.stringContaining('edited after it was applied') });
  expect(detent('redo')).toMatchObject({ code: 0, stdout: expect.stringContaining('again') });
  expect(rows("select name from pragma_table_info('orders')")).toEqual([{ name: 'id' }, { name: 'total' }]);
});

test('status lists, counts, and checks', () => {
  const { detent } = project(SHOP);
  detent('up', '--to', '1');
  for (const name of ['status', 'list', 'info'])
    expect(detent(name).stdout).toMatch(/✓ 1 {2}users .*applied[^]*○ 2 {2}orders .*pending/);
  expect(detent('list', '-n', '1').stdout).not.toContain('users');
  expect(detent('status', '--check').code).toBe(2);
  expect(detent('plan', '--check').code).toBe(2);
  detent('up');
  expect(detent('status', '--check').code).toBe(0);
  expect(detent('plan', '--check').code).toBe(0);
});

test('a failed migration is not taken for settled by a check', () => {
  const { detent } = project({ ...SHOP, 'migrations/V3_broken.sql': BROKEN });
  detent('up');
  expect(detent('status').stdout).toContain('1 to look at');
  expect(detent('status', '--check').code).toBe(2);
});

test('history tells what was done', () => {
  const { detent } = project(SHOP);
  expect(detent('history').stdout).toBe('Nothing has happened yet.\n');
  detent('up');
  const { stdout } = detent('history');
  expect(stdout).toMatch(/run-started.*migrate\n.*applied +1\n.*applied +2\n.*run-finished/);
  expect(detent('history', '-n', '1').stdout).toMatch(/^1 line, .*\n\n.*run-finished.*\n$/);
});

test('validate names every problem at once', () => {
  const { detent } = project({
    'migrations/V1_a.sql': USERS,
    'migrations/V1_b.sql': USERS,
    'migrations/notes.sql': 'select 1;',
  });
  const { code, stderr } = detent('validate');
  expect(code).toBe(4);
  expect(stderr).toContain('notes.sql is not a migration');
  expect(stderr).toContain('V1_b.sql');
});

test('verify sees a schema that was changed by hand', () => {
  const { detent, run } = project(SHOP);
  detent('up');
  expect(detent('verify')).toMatchObject({ code: 0, stdout: expect.stringContaining('agree') });
  run('alter table users add column sneaky text');
  expect(detent('verify')).toMatchObject({ code: 2, stderr: expect.stringContaining('live schema') });
});

test('a baseline covers everything up to its version', () => {
  const { detent } = project(SHOP);
  expect(detent('baseline', '1', '--name', 'before Detent').code).toBe(0);
  expect(detent('up').stdout).toContain('Applied 1 migration');
  expect(detent('status').stdout).toContain('baseline');
  expect(detent('baseline', '1').code).toBe(4);
});

test('mark writes the history and runs nothing', () => {
  const { detent, rows } = project(SHOP);
  expect(detent('mark', '1', '--as', 'applied', '--reason', 'by hand').code).toBe(0);
  expect(rows("select name from sqlite_schema where name = 'users'")).toEqual([]);
  expect(detent('history').stdout).toContain('by hand');
  expect(detent('mark', '1', '--as', 'rolled_back').code).toBe(0);
  expect(detent('mark', '9', '--as', 'applied')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('no migration with version 9'),
  });
  expect(detent('mark', '1')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('--as applied or --as rolled_back'),
  });
});

test('resolve settles what nobody can know, and nothing else', () => {
  const { detent, run } = project(SHOP);
  detent('up');
  expect(detent('resolve', '1', '--as', 'applied').code).toBe(4);
  run("update schema_version set state = 'unknown' where id = '2'");
  expect(detent('up')).toMatchObject({ code: 5, stderr: expect.stringContaining('detent resolve 2') });
  expect(detent('status', '--check').code).toBe(5);
  expect(detent('resolve', '2', '--as', 'applied').code).toBe(0);
  expect(detent('up').code).toBe(0);
});

test('repair accepts an edited file', () => {
  const { detent, write } = project(SHOP);
  detent('up');
  write({ 'migrations/V1_users.sql': `${USERS}-- a remark\n` });
  expect(detent('validate').code).toBe(4);
  expect(detent('repair')).toMatchObject({ code: 0, stdout: expect.stringContaining('accepted: V1_users.sql') });
  expect(detent('validate').code).toBe(0);
});

test('a backup is restored, and only when it is confirmed', () => {
  const { detent, run, rows } = project(SHOP);
  detent('up');
  run("insert into users values (1, 'Ada')");
  expect(detent('backup', 'a.backup').code).toBe(0);
  run('delete from users');
  const unconfirmed = detent('restore', 'a.backup');
  expect(unconfirmed.code).toBe(4);
  expect(unconfirmed.output).toMatch(/back to the backup of 20\d\d-\d\d-\d\d \d\d:\d\d:\d\d; what was written since/);
  expect(detent('restore', 'none.backup').output).toMatch(/There is no readable manifest/);
  expect(detent('restore', 'a.backup', '--confirm', 'wrong').code).toBe(4);
  expect(rows('select * from users')).toEqual([]);
  expect(detent('restore', 'a.backup', '--confirm', 'app.db').code).toBe(0);
  expect(rows('select name from users')).toEqual([{ name: 'Ada' }]);
  expect(detent('restore', 'none.backup', '--confirm', 'app.db').code).toBe(1);
});

test('unlock finds nobody', () => {
  const { detent } = project(SHOP);
  detent('up');
  expect(detent('unlock')).toMatchObject({ code: 0, stdout: 'Nobody holds the lock.\n' });
});

test('doctor says what is well, and what is not', () => {
  const { detent, detentIn, write } = project(SHOP);
  expect(detent('doctor')).toMatchObject({
    code: 0,
    stdout: expect.stringContaining('Everything that a run needs is there.'),
  });
  expect(detentIn({ env: { DETENT_URL: 'sqlite:none/app.db' } }, 'doctor')).toMatchObject({
    code: 69,
    stdout: expect.stringContaining('does not exist'),
  });
  write({ 'migrations/V3_broken.ts': 'export const nothing = 1;' });
  expect(detent('doctor')).toMatchObject({ code: 2, stdout: expect.stringContaining('V3_broken.ts') });
});

test('create writes a migration that is the newest', () => {
  const { detent, folder } = project({ 'migrations/V20990101000000_far.sql': USERS });
  const { stdout } = detent('create', 'add', 'orders');
  expect(stdout).toBe(`${join('migrations', 'V20990101000001_add_orders.sql')}\n`);
  expect(readFileSync(join(folder, stdout.trim()), 'utf8')).toContain('-- detent:up');
  const code = detent('new', 'fill', '--ts').stdout.trim();
  expect(readFileSync(join(folder, code), 'utf8')).toContain("from '@detent/sqlite'");
  expect(detent('validate').output).toContain('V20990101000001_add_orders.sql has nothing to run yet.');
  writeFileSync(join(folder, stdout.trim()), '-- detent:up\nCREATE TABLE orders (id INTEGER);\n-- detent:down\n\n');
  expect(detent('validate').output).toContain('Nothing speaks against a run.');
});

test('create writes a module that a CommonJS project can load', () => {
  const { detent } = project({ 'package.json': '{"type":"commonjs"}' });
  expect(detent('create', 'orders', '--ts').stdout).toMatch(/_orders\.mts\n$/);
  expect(detent('plan').code).toBe(0);
});

test.each([['a/b'], ['..'], ['naïve?'], ['a:b'], ['']])('create refuses the name %j', (name) => {
  const { detent, folder } = project();
  expect(detent('create', name).code).toBe(64);
  expect(readdirSync(join(folder, 'migrations'))).toEqual([]);
});

test('init writes a configuration that works, and overwrites nothing', () => {
  const { detent, folder } = project({}, false);
  expect(detent('init', '--url', 'sqlite:app.db', '--migrations', 'db/steps', '--rollback', 'both').code).toBe(0);
  const text = readFileSync(join(folder, 'detent.config.ts'), 'utf8');
  expect(text).toContain("import { defineConfig, sqlite } from '@detent/sqlite';");
  detent('create', 'users');
  expect(readdirSync(join(folder, 'db/steps'))).toHaveLength(1);
  expect(documentOf(detent('config', '--json'))).toHaveProperty('settings.rollback.value', 'both');
  expect(detent('init')).toMatchObject({ code: 64, stderr: expect.stringContaining('already') });
  expect(readFileSync(join(folder, 'detent.config.ts'), 'utf8')).toBe(text);
});

test('init writes no password, and says where it is read from', () => {
  const { detent, folder } = project({}, false);
  const { code, output } = detent('init', '--url', 'postgres://u:s3cr3t@localhost/shop');
  expect(code).toBe(0);
  expect(output + readFileSync(join(folder, 'detent.config.ts'), 'utf8')).not.toContain('s3cr3t');
  expect(output).toContain('DATABASE_URL');
});

test('config shows where each value comes from', () => {
  const { detentIn } = project({ 'detent.config.json': '{"url":"sqlite:app.db","table":"versions"}' });
  const { stdout } = detentIn({ env: { DETENT_ROLLBACK: 'down' } }, 'config', '--migrations', 'steps');
  expect(stdout).toMatch(/table +versions +the file/);
  expect(stdout).toMatch(/rollback +down +DETENT_ROLLBACK/);
  expect(stdout).toMatch(/migrations +.*steps +--migrations/);
  expect(stdout).toMatch(/transaction +each +default/);
});

test.each(['bash', 'zsh', 'fish'])('the completion of %s knows every command', (shell) => {
  const { stdout, code } = project().detent('completion', shell);
  expect(code).toBe(0);
  for (const word of ['up', 'rollback', 'restore', 'completion', 'dry-run', 'json']) expect(stdout).toContain(word);
});

test('an unknown shell is bad usage', () => {
  expect(project().detent('completion', 'bsh')).toMatchObject({
    code: 64,
    stderr: expect.stringContaining('did you mean "bash"?'),
  });
});

test('help fits a screen', () => {
  const { detent } = project();
  for (const args of [['--help'], ['up', '--help'], ['down', '--help'], ['help', 'restore']]) {
    const { code, stdout } = detent(...args);
    expect(code).toBe(0);
    const lines = stdout.trimEnd().split('\n');
    expect(lines.length).toBeLessThanOrEqual(40);
    expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(80);
  }
});

test('quiet says nothing when all is well, and everything when it is not', () => {
  const { detent, write } = project(SHOP);
  expect(detent('up', '--quiet').output).toBe('');
  write({ 'migrations/V3_broken.sql': BROKEN });
  expect(detent('up', '-q')).toMatchObject({ code: 1, stdout: '', stderr: expect.stringContaining('V3_broken.sql:3') });
});
