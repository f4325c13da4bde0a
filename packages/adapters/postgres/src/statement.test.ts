import { expect, test } from 'vitest';
import { failureOf, playground, runScript } from './fixtures/playground.ts';

test.each([
  ['the first statement', 'SELECT nope;', 1, 8, '42703'],
  ['a later statement', 'CREATE TABLE t (x int);\n\n  SELECT x,\n    nope FROM t;', 4, 5, '42703'],
  ['a statement after characters outside of the BMP', "SELECT '😀😀', 'ä';\nSELECT '😀', nope;", 2, 14, '42703'],
  ['a mistake in the syntax', 'CREATE TABLE t (x int);\nCREATE TABEL u (x int);', 2, 8, '42601'],
  ['a missing semicolon', 'CREATE TABLE t (x int)\nCREATE TABLE u (x int);', 2, 1, '42601'],
  ['an end that comes too early', 'CREATE TABLE t (x int', 1, 22, '42601'],
  [
    'an error without a place',
    'CREATE TABLE t (x int UNIQUE);\nINSERT INTO t VALUES (1);\n INSERT INTO t VALUES (1);',
    3,
    2,
    '23505',
  ],
  ['a comment at the end of a statement before', 'SELECT 1 -- nothing\n;\nSELECT nope;', 3, 8, '42703'],
])('%s names its file, line and column', async (_, text, line, column, serverCode) => {
  await using place = await playground();
  const failure = await failureOf(runScript(await place.open(), text));
  expect(failure).toMatchObject({ facts: { place: { file: 'V1_x.sql', line, column }, serverCode } });
});

test('the words of the server, its detail and its hint are passed on', async () => {
  await using place = await playground();
  const session = await place.open();
  await runScript(session, 'CREATE TABLE t (name text UNIQUE);');
  const twice = await failureOf(runScript(session, "INSERT INTO t VALUES ('a'), ('a');"));
  expect(twice).toMatchObject({
    code: 'STATEMENT_FAILED',
    facts: { constraint: 't_name_key', detail: expect.stringContaining('already exists') as string },
  });
  const mistyped = await failureOf(runScript(session, 'SELECT nane FROM t;'));
  expect(mistyped).toMatchObject({ hint: expect.stringContaining('"t.name"') as string });
  const inside = await failureOf(runScript(session, "DO $$ BEGIN RAISE EXCEPTION 'on purpose'; END $$;"));
  expect(inside).toMatchObject({
    facts: { server: 'on purpose', where: expect.stringContaining('line 1 at RAISE') as string },
  });
});

test.each([
  ['ALTER TABLE t INSERT COLUMN x int;', 'ADD COLUMN'],
  ['CREATE TABLE u (id int AUTO_INCREMENT);', 'IDENTITY'],
  ['CREATE TABLE `u` (id int);', 'double quotes'],
  ['CREATE TABLE t (x int)\nCREATE TABLE u (x int);', 'semicolon'],
  ['SELECT * FROM gone;', 'before this one'],
])('%s gets a hint', async (text, words) => {
  await using place = await playground();
  expect(await failureOf(runScript(await place.open(), text))).toMatchObject({
    hint: expect.stringContaining(words) as string,
  });
});

test('COPY from the file itself is refused and leaves the session usable', async () => {
  await using place = await playground();
  const session = await place.open();
  await runScript(session, 'CREATE TABLE t (x int);');
  const copy = {
    text: 'COPY t FROM STDIN',
    line: 1,
    column: 1,
    kind: 'data',
    transactional: true,
    destroys: null,
    leaves: null,
    effect: null,
  } as const;
  await expect(
    session.transaction({ statements: [copy] }, async () => void (await session.execute([copy], 'f.sql'))),
  ).rejects.toMatchObject({ code: 'STATEMENT_FAILED' });
  await runScript(session, 'INSERT INTO t VALUES (1);');
});

test('rows are counted by the tag of the server', async () => {
  await using place = await playground();
  const session = await place.open();
  const statements = [
    'CREATE TABLE t (x int)',
    'INSERT INTO t VALUES (1), (2), (3)',
    'UPDATE t SET x = 0 WHERE x > 1',
    'SELECT * FROM t',
  ].map((text) => ({
    text,
    line: 1,
    column: 1,
    kind: 'data' as const,
    transactional: true,
    destroys: null,
    leaves: null,
    effect: null,
  }));
  const counted = await session.transaction({ statements }, () => session.execute(statements, 'f.sql'));
  expect(counted.map(({ rows }) => rows)).toEqual([null, 3, 2, null]);
});
