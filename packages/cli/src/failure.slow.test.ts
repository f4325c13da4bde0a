import { expect, test } from 'vitest';
import { BROKEN, ended, project, SHOP, slow, type Outcome } from './harness.ts';

const began = (child: ReturnType<ReturnType<typeof project>['start']>): Promise<void> =>
  new Promise((resolve, reject) => {
    child.stderr?.on('data', (chunk: Buffer) => chunk.toString().includes('began') && resolve());
    child.once('close', () => reject(new Error('It ended before it began.')));
  });

test("a failure shows place, statement, caret, the server's words, what was rolled back and the state", () => {
  const { detent } = project({ ...SHOP, 'migrations/V3_extra.sql': BROKEN });
  detent('up', '--to', '2');
  const { code, stderr } = detent('up');
  expect(code).toBe(1);
  expect(stderr).toContain('migrations/V3_extra.sql:3:');
  expect(stderr).toMatch(/3 │ alter table users rename colum name to full\n +│ +\^\n/);
  expect(stderr).toContain('syntax error');
  expect(stderr).toContain('V3_extra.sql, by its own transaction');
  expect(stderr).toContain('The database is as it was before this run: at version 2.');
  expect(stderr).toContain('1 STATEMENT_FAILED: failed, and the database is back where it was');
  expect(detent('plan').stdout).toMatch(/3 +extra +failed before\n/);
});

test('what succeeded before a failure stays, and is said to', () => {
  const { detent } = project({ ...SHOP, 'migrations/V3_extra.sql': BROKEN });
  const { code, stderr } = detent('up');
  expect(code).toBe(1);
  expect(stderr).toContain('The database is at version 2: 2 steps of this run succeeded before the failure and stay.');
});

test.each(['down', 'both', 'backup'])('a failed run under %s leaves everything as it was', (strategy) => {
  const { detent, rows } = project({ ...SHOP, 'migrations/V3_extra.sql': BROKEN });
  const { code, stderr, stdout } = detent('up', '--rollback', strategy);
  expect(code, stderr).toBe(1);
  expect(stdout).toContain(`Rolling back by ${strategy}`);
  expect(stderr).toContain('The database is as it was before this run: before the first migration.');
  expect(rows("select name from sqlite_schema where name in ('users', 'orders', 'extra')")).toEqual([]);
});

test('a failed code migration shows its source', () => {
  const { detent } = project({
    'migrations/V1_code.ts':
      'export function up(): void {\n  const fine: number = 1;\n  throw new Error(`no ${fine}`);\n}\n',
  });
  const { code, stderr } = detent('up');
  expect(code).toBe(1);
  expect(stderr).toContain('migrations/V1_code.ts:3:');
  expect(stderr).toContain('throw new Error(`no ${fine}`);');
});

test('a half-applied migration without a transaction ends with 5', () => {
  const { detent } = project({ ...SHOP, 'migrations/V3_extra.sql': `-- detent:transaction none\n${BROKEN}` });
  const { code, stderr } = detent('up');
  expect(code).toBe(5);
  expect(stderr).toContain('between two versions');
});

test('F29 a migration whose commit failed is never taken for applied', () => {
  const { detent } = project({
    'migrations/V1_orphan.sql':
      'create table p (id integer primary key);\ncreate table c (p integer references p (id) deferrable initially deferred);\ninsert into c values (7);\n',
  });
  for (const _ of [1, 2, 3])
    expect(detent('up')).toMatchObject({ code: 1, stderr: expect.stringContaining('FOREIGN_KEYS') });
  expect(detent('status').stdout).toContain('0 applied');
});

test('F50 batches that were rolled back with their migration run again', () => {
  const { detent, rows, write } = project(SHOP);
  detent('up');
  const batches = (end: string): string => `export async function up(db, info, { forEachBatch }) {
  await forEachBatch({ table: 'users', size: 1 }, (rows) => { for (const { id } of rows) db.exec(\`insert into orders values (\${id})\`); });
  ${end}
}`;
  write({
    'migrations/V2026_seed.sql': "insert into users values (1, 'a'), (2, 'b');",
    'migrations/V2027_fill.js': batches("throw new Error('late')"),
  });
  expect(detent('up').code).toBe(1);
  expect(rows('select * from orders')).toEqual([]);
  write({ 'migrations/V2027_fill.js': batches('') });
  expect(detent('up').code).toBe(0);
  expect(rows('select id from orders')).toEqual([{ id: 1 }, { id: 2 }]);
});

test('a held lock ends with 3, and says who holds it', async () => {
  const { detent, start } = project({ 'migrations/V1_slow.js': slow(60_000) });
  const holder = start('up');
  const end = ended(holder);
  await began(holder);
  expect(detent('up', '--on-held', 'fail')).toMatchObject({
    code: 3,
    stderr: expect.stringMatching(/held by .*process \d+/),
  });
  expect(detent('up', '--on-held', 'skip')).toMatchObject({
    code: 0,
    stdout: expect.stringMatching(/Skipped: the lock is held by .*process \d+/),
  });
  expect(detent('unlock')).toMatchObject({ code: 4, stderr: expect.stringContaining('pass --yes') });
  expect(detent('unlock', '--fence', '--yes')).toMatchObject({
    code: 4,
    stderr: expect.stringContaining('pass --confirm app.db'),
  });
  holder.kill('SIGTERM');
  expect((await end).code).toBe(1);
});

test('F38 the first signal rolls back, releases the lock and ends with 1', async () => {
  const { detent, start, rows } = project({ 'migrations/V1_slow.js': slow(60_000) });
  const child = start('up');
  const end = ended(child);
  await began(child);
  child.kill('SIGINT');
  const { code, stderr } = await end;
  expect(code, stderr).toBe(1);
  expect(stderr).toContain('CANCELLED');
  expect(rows("select name from sqlite_schema where name = 'slow'")).toEqual([]);
  expect(detent('unlock').stdout).toBe('Nobody holds the lock.\n');
});

test.each([
  ['SIGINT', 130],
  ['SIGTERM', 143],
] as const)('a second %s stops at once with %i', async (signal, code) => {
  const { start } = project({ 'migrations/V1_deaf.js': slow(60_000).replace(', { signal }', '') });
  const child = start('up');
  const end: Promise<Outcome> = ended(child);
  await began(child);
  child.kill(signal);
  await new Promise<void>(
    (resolve) => void child.stderr?.on('data', (chunk: Buffer) => chunk.toString().includes('Once more') && resolve()),
  );
  child.kill(signal);
  expect((await end).code).toBe(code);
});

test('a database that cannot be opened ends with 69', () => {
  const { detent, write } = project(SHOP);
  expect(detent('up', '--url', 'sqlite:none/app.db').code).toBe(69);
  write({ 'text.db': 'this is no database, and long enough to be one that is damaged'.repeat(20) });
  expect(detent('status', '--url', 'sqlite:text.db').code).toBe(69);
});

test.each([
  ['a rejection', 'void Promise.reject(new Error("stray"));'],
  ['a timer', 'setTimeout(() => { throw new Error("stray"); });'],
])('%s that nobody waits for stops the run and rolls it back', (_, stray) => {
  const { detent, rows } = project({ 'migrations/V1_stray.js': slow(60_000).replace("log.info('began');", stray) });
  const { code, stderr } = detent('up');
  expect(code).toBe(1);
  expect(stderr).toContain('stray');
  expect(stderr).toContain('CANCELLED');
  expect(rows("select name from sqlite_schema where name = 'slow'")).toEqual([]);
});
