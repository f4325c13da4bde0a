import type { DetentError } from '@detent/core';
import { describe, expect, test } from 'vitest';
import { DRIVERS, Playground, rows, run, statement } from './harness.ts';

const SCHEMA = [
  'CREATE TABLE users (id INTEGER PRIMARY KEY, email TEXT NOT NULL UNIQUE)',
  "INSERT INTO users VALUES (1, 'a@example.com')",
];

/** The text, the message, the words at the place of the error, and the hint. */
const REFUSED: readonly (readonly [string, string, string | null, string | null])[] = [
  ['CREATE TABLE a (\n  x INTEGER,,\n  y TEXT\n)', 'near ","', ',\n  y', null],
  ['INSERT COLUMN x INTO users', 'near "COLUMN"', 'COLUMN', 'ADD COLUMN'],
  ['CREATE TABLE a (x)\nCREATE TABLE b (y)', 'near "CREATE"', 'CREATE TABLE b', 'semicolon missing'],
  ['SELECT * FROM user', 'no such table: user', 'user', 'Did you mean "users"?'],
  ['SELECT emial FROM users', 'no such column: emial', 'emial', 'Did you mean "email"?'],
  ['SELECT id, "nix" FROM users', 'no such column: "nix"', '"nix"', null],
  ['INSERT INTO users (id, mail) VALUES (2, 3)', 'no column named mail', 'mail', 'Did you mean "email"?'],
  ['CREATE TABLE users (id)', 'already exists', 'users', null],
  ['ALTER TABLE users ALTER COLUMN email TYPE text', 'near "TYPE"', 'TYPE', 'make a new table'],
  ['ALTER TABLE users MODIFY COLUMN email text', 'near "MODIFY"', 'MODIFY', 'make a new table'],
  [
    'CREATE TABLE a (id INTEGER PRIMARY KEY AUTO_INCREMENT)',
    'near "AUTO_INCREMENT"',
    'AUTO_INCREMENT',
    'AUTOINCREMENT',
  ],
  ['CREATE TABLE a (x TEXT) ENGINE=InnoDB', 'near "="', '=InnoDB', 'MySQL'],
  ["CREATE TABLE a (x ENUM('a', 'b'))", 'near "\'a\'"', "'a'", 'CHECK'],
  ['CREATE TABLE a (x TEXT DEFAULT now())', 'near "("', '()', 'parentheses'],
  ['CREATE TABLE a (x TEXT', 'incomplete input', '', 'ends too early'],
  ['TRUNCATE users', 'near "TRUNCATE"', 'TRUNCATE', 'DELETE FROM'],
  ['CREATE SCHEMA app', 'near "SCHEMA"', 'SCHEMA', 'no such thing'],
  ['SELECT my_function(1)', 'no such function', 'my_function', 'application registers'],
  ["INSERT INTO users VALUES (2, 'a@example.com')", 'UNIQUE constraint failed', null, 'same value'],
  ['INSERT INTO users (id) VALUES (2)', 'NOT NULL constraint failed', null, 'DEFAULT'],
  ["SELECT 1 -- a ' in a comment\n, 'it''s' , #", 'unrecognized token', '#', null],
  ["SELECT ',' , 'a,,b', /* ,, */ 1,, 2", 'near ","', ', 2', null],
];

describe.each(DRIVERS)('%s', (driver) => {
  test.each(REFUSED)('%j is refused with its place', async (text, message, at, hint) => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, ...SCHEMA);
    const sent = { ...statement(text), line: 10, column: 5 };
    const error = await session
      .transaction({ statements: [sent] }, () => session.execute([sent], 'V2__x.sql'))
      .catch((thrown: unknown) => thrown);
    expect(error).toMatchObject({ code: 'STATEMENT_FAILED', message: expect.stringContaining(message) as string });
    const { facts, hint: given = '', message: said } = error as DetentError;
    expect(said).toMatch(/[^?.][.?]$/);
    const offset = at === null ? 0 : (facts.position ?? -1);
    const before = text.slice(0, offset).split('\n');
    const column = (before.at(-1)?.length ?? 0) + (before.length === 1 ? 5 : 1);
    expect(text.slice(offset).indexOf(at ?? '')).toBe(0);
    expect(facts).toMatchObject({
      statement: text,
      place: { file: 'V2__x.sql', line: 10 + before.length - 1, column },
    });
    expect(given).toContain(hint ?? '');
  });

  test("no name of Detent's own tables is offered as what was meant", async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await session.history.init();
    for (const text of ['SELECT attemp FROM users', 'SELECT * FROM schema_versio']) {
      await run(session, 'CREATE TABLE IF NOT EXISTS users (id INTEGER PRIMARY KEY)');
      const error = await run(session, text).catch((thrown: unknown) => thrown);
      expect((error as DetentError).hint ?? '').not.toContain('Did you mean');
    }
  });

  test('only the number of changed rows is told, and only for data', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await run(session, 'CREATE TABLE t (x)');
    await session.transaction({ statements: [] }, async () => {
      expect(await session.execute([statement('INSERT INTO t VALUES (1), (2), (3)')], 'f')).toEqual([{ rows: 3 }]);
      expect(await session.execute([statement('UPDATE t SET x = 0 WHERE x > 1 RETURNING x')], 'f')).toEqual([
        { rows: 2 },
      ]);
      expect(await session.execute([statement('CREATE TABLE u (y)')], 'f')).toEqual([{ rows: null }]);
      expect(await session.execute([statement('SELECT * FROM t')], 'f')).toEqual([{ rows: null }]);
    });
  });

  test('bound values come back as they went in', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    const values = [null, 1, -1.5, 2n ** 62n, "it's", true, new Date(0), new Uint8Array([1, 0, 255])];
    const [row] =
      await session.sql`SELECT ${values[0]} a, ${values[1]} b, ${values[2]} c, ${values[3]} d, ${values[4]} e, ${values[5]} f, ${values[6]} g, ${values[7]} h`;
    const { h, ...rest } = row ?? {};
    expect(rest).toEqual({ a: null, b: 1, c: -1.5, d: 2n ** 62n, e: "it's", f: 1, g: '1970-01-01T00:00:00.000Z' });
    expect([...(h as Uint8Array)]).toEqual([1, 0, 255]);
    await expect(session.sql`SELECT ${{ an: 'object' }}`).rejects.toMatchObject({ code: 'CONFIG' });
  });

  test('F106 a script cannot attach another file unless it is allowed to', async () => {
    await using playground = new Playground();
    const other = `ATTACH '${playground.folder}/other.db' AS other`;
    const strict = await playground.open({ driver });
    await expect(strict.execute([statement(other)], 'f.sql')).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
      hint: expect.stringContaining('allowAttach') as string,
    });
    const open = await playground.open({ driver, allowAttach: true });
    await open.execute([statement(other)], 'f.sql');
    expect(await rows(open, "SELECT name FROM pragma_database_list WHERE name = 'other'")).toEqual([['other']]);
    await open.reset();
    expect(await rows(open, "SELECT name FROM pragma_database_list WHERE name = 'other'")).toEqual([]);
  });

  test('F106 extensions cannot be loaded', async () => {
    await using playground = new Playground();
    const session = await playground.open({ driver });
    await expect(session.execute([statement("SELECT load_extension('x')")], 'f.sql')).rejects.toMatchObject({
      code: 'STATEMENT_FAILED',
    });
  });
});
