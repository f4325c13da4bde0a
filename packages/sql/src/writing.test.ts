import { DatabaseSync } from 'node:sqlite';
import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { mysql, normalizeSql, postgres, quoteIdent, quoteLiteral, sqlite, sqlTag, type Dialect } from './index.ts';

describe('F103 identifiers', () => {
  test('are quoted part by part', () => {
    expect(quoteIdent(postgres, 'a"b', 'c.d')).toBe('"a""b"."c.d"');
    expect(quoteIdent(mysql, 'a`b')).toBe('`a``b`');
  });
  test.each([
    ['empty', sqlite, ''],
    ['with a NUL', sqlite, 'a\0b'],
    ['with half a character', sqlite, '\uD800'],
    ['too long for PostgreSQL in bytes', postgres, 'é'.repeat(32)],
    ['too long for MySQL in characters', mysql, 'a'.repeat(65)],
  ])('%s are refused', (_, dialect, name) => {
    expect(() => quoteIdent(dialect, name)).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
  test('of the longest length pass', () => {
    expect(quoteIdent(postgres, 'a'.repeat(63))).toHaveLength(65);
    expect(quoteIdent(mysql, 'é'.repeat(64))).toHaveLength(66);
  });
  test('come back from SQLite as they were', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme', minLength: 1 }), (name) => {
        fc.pre(!name.includes('\0') && !name.toLowerCase().startsWith('sqlite_'));
        const database = new DatabaseSync(':memory:');
        database.exec(`create table ${quoteIdent(sqlite, name)} (a)`);
        expect(database.prepare('select name from sqlite_schema').get()).toMatchObject({ name });
      }),
    );
  });
});

describe('literals', () => {
  test('come back from SQLite as they were', () => {
    const database = new DatabaseSync(':memory:');
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        fc.pre(!value.includes('\0'));
        expect(database.prepare(`select ${quoteLiteral(sqlite, value)} as value`).get()).toMatchObject({ value });
      }),
    );
  });
  test('with a backslash mean the same in every mode of the server', () => {
    expect(quoteLiteral(postgres, "a\\'")).toBe(String.raw` E'a\\'''`);
    expect(quoteLiteral(mysql, 'a\\')).toBe("_utf8mb4 X'615c'");
  });
  test('with a NUL are refused', () => {
    expect(() => quoteLiteral(sqlite, '\0')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
});

describe('normalizeSql', () => {
  const equal: readonly (readonly [Dialect, string, string])[] = [
    [sqlite, 'CREATE TABLE "users" ( id )', 'create table users(id)'],
    [sqlite, 'CREATE TABLE "Users"(a)', 'create table Users(a)'],
    [sqlite, 'create table [Users](`A` int)', 'CREATE TABLE users (a INT);'],
    [sqlite, 'create table t(a /* x */, -- y\n b)', 'create table t (a,b)'],
    [sqlite, 'select a<>b', 'select a <> b'],
    [sqlite, 'create table t(a default -1)', 'create table t(a default - 1)'],
    [postgres, 'create table "users"(ID int)', 'create table Users(id int)'],
    [mysql, 'create table `a`(b int) # x', 'CREATE TABLE a (B INT)'],
  ];
  test.each(equal)('$0.name: %s is %s', (dialect, one, other) => {
    expect(normalizeSql(one, dialect)).toBe(normalizeSql(other, dialect));
  });

  const different: readonly (readonly [Dialect, string, string])[] = [
    [sqlite, "create table t(a default 'X')", "create table t(a default 'x')"],
    [sqlite, 'create table t(a default "X")', 'create table t(a default "x")'],
    [sqlite, 'select "null"', 'select null'],
    [sqlite, 'create table "a b"(c)', 'create table a(b c)'],
    [sqlite, "select 'a' 'b'", "select 'a''b'"],
    [sqlite, 'select ab', 'select a b'],
    [sqlite, 'create table É(a)', 'create table é(a)'],
    [postgres, 'create table "Users"(a int)', 'create table users(a int)'],
    [postgres, 'select "user"', 'select user'],
    [postgres, "select '1  2'", "select '1 2'"],
  ];
  test.each(different)('$0.name: %s is not %s', (dialect, one, other) => {
    expect(normalizeSql(one, dialect)).not.toBe(normalizeSql(other, dialect));
  });

  test('a table renamed and renamed back reads as before', () => {
    const database = new DatabaseSync(':memory:');
    const schema = (): string[] =>
      database
        .prepare('select sql from sqlite_schema')
        .all()
        .map(({ sql }) => normalizeSql(String(sql), sqlite));
    database.exec(
      'create table Users(Id integer primary key, note text); create index byNote on Users(note); create table c(u references Users(Id))',
    );
    const before = schema();
    database.exec(
      'alter table Users rename to x; alter table x rename to Users; alter table Users add column y; alter table Users drop column y',
    );
    expect(schema()).toEqual(before);
  });
});

describe('the sql tag', () => {
  const seen: unknown[] = [];
  const record = (text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]> => {
    seen.push([text, values]);
    return Promise.resolve([]);
  };

  test.each([
    [sqlite, 'update "my table" set "a" = ? where b = ?'],
    [postgres, 'update "my table" set "a" = $1 where b = $2'],
    [mysql, 'update `my table` set `a` = ? where b = ?'],
  ] as const)('binds values and quotes identifiers on $0.name', async (dialect, text) => {
    const sql = sqlTag(dialect, record);
    await sql`update ${sql.id('my table')} set ${sql.id('a')} = ${"'; drop table t; --"} where b = ${null}`;
    expect(seen.at(-1)).toEqual([text, ["'; drop table t; --", null]]);
  });

  test('joins the names of an identifier by dots', async () => {
    const sql = sqlTag(postgres, record);
    await sql`select * from ${sql.id('s', 't')}`;
    expect(seen.at(-1)).toEqual(['select * from "s"."t"', []]);
  });

  test('binds a value that only looks like an identifier', async () => {
    const sql = sqlTag(sqlite, record);
    await sql`select ${{ kind: 'identifier', names: ['t'] }}`;
    expect(seen.at(-1)).toEqual(['select ?', [{ kind: 'identifier', names: ['t'] }]]);
  });

  test('refuses undefined', () => {
    const sql = sqlTag(sqlite, record);
    expect(() => sql`select ${undefined}`).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
});
