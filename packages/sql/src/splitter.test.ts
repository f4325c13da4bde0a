import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { DetentError } from '@detent/core';
import { mariadb, mysql, parseScript, postgres, splitStatements, sqlite, type Dialect } from './index.ts';

const split = (text: string, dialect: Dialect): string[] =>
  [...splitStatements(text, dialect)].map((statement) => statement.text);

type Case = readonly [fact: string, dialect: Dialect, text: string, statements: readonly string[]];

const cases: readonly Case[] = [
  ['a text of comments has no statement', sqlite, '-- a\n/* b */', []],
  ['a statement needs no semicolon at the end', sqlite, 'select 1; select 2', ['select 1', 'select 2']],
  ['empty statements are left out', sqlite, ';; select 1;;;', ['select 1']],
  ['a byte order mark is no part of the first statement (F43)', postgres, '\uFEFFselect 1;', ['select 1']],
  ['comments before and behind a statement are outside it', postgres, '/* a */ select 1 /* b */; -- c', ['select 1']],
  ['comments inside are kept', postgres, 'select -- one;\n 1;', ['select -- one;\n 1']],

  [
    'F56 semicolons in strings, comments and dollar quotes split nothing',
    postgres,
    `select ';', $$;$$, ";" /* ; */ -- ;\n; select 2`,
    [`select ';', $$;$$, ";"`, 'select 2'],
  ],
  [
    'F57 a dollar quote ends at its own tag only',
    postgres,
    'select $a$ ; $b$ ; $$ ; $a$; select $b$;$b$',
    ['select $a$ ; $b$ ; $$ ; $a$', 'select $b$;$b$'],
  ],
  [
    'a dollar inside a name opens nothing',
    postgres,
    'select a$b$c; select d$$; select 3',
    ['select a$b$c', 'select d$$', 'select 3'],
  ],
  ['a parameter opens nothing', postgres, 'select $1$2; select $1; select 2', ['select $1$2', 'select $1', 'select 2']],
  [
    'a dollar tag may be of any letters',
    postgres,
    'do $тег_1$ begin; end $тег_1$; select 2',
    ['do $тег_1$ begin; end $тег_1$', 'select 2'],
  ],
  ['F63 comments nest', postgres, '/* a /* ; */ ; */ select 1; select 2', ['select 1', 'select 2']],
  [
    'F63 a backslash escapes in E strings only',
    postgres,
    String.raw`select E'\';', e'\\'; select '\'; select ''`,
    [String.raw`select E'\';', e'\\'`, String.raw`select '\'`, `select ''`],
  ],
  [
    'a name that ends in e opens no E string',
    postgres,
    String.raw`select somee'\'; select 2`,
    [String.raw`select somee'\'`, 'select 2'],
  ],
  ['a carriage return ends a comment', postgres, '-- a\rselect 1;\rselect 2', ['select 1', 'select 2']],
  [
    'Unicode strings and names are strings and names',
    postgres,
    `select U&'d\\0061;' , U&"a;"; select 2`,
    [`select U&'d\\0061;' , U&"a;"`, 'select 2'],
  ],
  [
    'F58 BEGIN ATOMIC keeps its semicolons',
    postgres,
    'create function f() returns int begin atomic select 1; select case when true then 2 end; end; select 3',
    ['create function f() returns int begin atomic select 1; select case when true then 2 end; end', 'select 3'],
  ],
  [
    'F58 begin and atomic inside names open nothing',
    postgres,
    'create function begin_atomic() returns int language sql return 1; select 2',
    ['create function begin_atomic() returns int language sql return 1', 'select 2'],
  ],
  [
    'F58 BEGIN ATOMIC over comments and lines',
    postgres,
    'create or replace procedure p() begin /* x; */\n atomic insert into t values (1); -- end;\n end; select 2',
    ['create or replace procedure p() begin /* x; */\n atomic insert into t values (1); -- end;\n end', 'select 2'],
  ],
  [
    'F58 nested CASE in BEGIN ATOMIC',
    postgres,
    'create function f() returns int begin atomic select case when a then case b when 1 then 2 end else 3 end; end; select 4',
    [
      'create function f() returns int begin atomic select case when a then case b when 1 then 2 end else 3 end; end',
      'select 4',
    ],
  ],
  [
    'F58 END that names a column does not end BEGIN ATOMIC',
    postgres,
    'create function f() returns int begin atomic select 1 end; select 2 case; end; select 3',
    ['create function f() returns int begin atomic select 1 end; select 2 case; end', 'select 3'],
  ],
  [
    'F58 a parameter called begin of a type called atomic opens nothing',
    postgres,
    'create function f(begin atomic) returns int return 1; select 2',
    ['create function f(begin atomic) returns int return 1', 'select 2'],
  ],
  [
    'F58 BEGIN ATOMIC without a statement',
    postgres,
    'create procedure f() begin atomic end; select 2; create procedure g() begin atomic ; ; end; select 3',
    ['create procedure f() begin atomic end', 'select 2', 'create procedure g() begin atomic ; ; end', 'select 3'],
  ],
  [
    'F64 an E string that goes on in the next line still has its backslashes',
    postgres,
    "select E'a' -- it's;\n 'b\\';c'; select 'a'\n'b\\'; select 2",
    ["select E'a' -- it's;\n 'b\\';c'", "select 'a'\n'b\\'", 'select 2'],
  ],
  [
    'a rule keeps the semicolons in its parentheses',
    postgres,
    'create rule r as on insert to t do also (insert into a values (1); insert into b values (2)); select 1',
    ['create rule r as on insert to t do also (insert into a values (1); insert into b values (2))', 'select 1'],
  ],
  [
    'BEGIN by itself is a statement',
    postgres,
    'begin; create table a(x int); end; select 1',
    ['begin', 'create table a(x int)', 'end', 'select 1'],
  ],
  [
    'F61 \\restrict and \\unrestrict on lines of their own are skipped',
    postgres,
    '\\restrict abc\nselect 1;\n\\unrestrict abc\n',
    ['select 1'],
  ],
  [
    'a table called stdin in COPY brings no data',
    postgres,
    'copy (select * from stdin) to stdout; select 1',
    ['copy (select * from stdin) to stdout', 'select 1'],
  ],
  [
    'F62 the data of COPY are no statements',
    postgres,
    "copy t (a, b) from stdin with (format text);\n1\t;\n\\N\t'\n\\.\nselect 1;",
    ['copy t (a, b) from stdin with (format text)', 'select 1'],
  ],
  ['COPY from a file carries no data', postgres, "copy t from '/x'; select 1", ["copy t from '/x'", 'select 1']],
  ['a bracket opens no name', postgres, 'select a[1]; select (array[2])[1]', ['select a[1]', 'select (array[2])[1]']],

  ['F63 a hash opens a comment', mysql, 'select 1; # a; b\nselect 2', ['select 1', 'select 2']],
  [
    'F63 two dashes need a space',
    mysql,
    'select 1--1; -- a; b\nselect 2;--\nselect 3',
    ['select 1--1', 'select 2', 'select 3'],
  ],
  ['F63 comments do not nest', mysql, '/* a /* b */ select 1; select 2', ['select 1', 'select 2']],
  [
    'F63 a backslash escapes in both kinds of strings',
    mysql,
    String.raw`select '\';', "\";"; select 2`,
    [String.raw`select '\';', "\";"`, 'select 2'],
  ],
  [
    'F63 without backslash escapes a backslash is a character',
    { ...mysql, backslashEscapes: false },
    String.raw`select '\'; select 2`,
    [String.raw`select '\'`, 'select 2'],
  ],
  ['a dollar quote is none', mysql, 'select $$; select $$', ['select $$', 'select $$']],
  [
    'F59 DELIMITER is a directive',
    mysql,
    'DELIMITER $$\ncreate procedure p() begin select 1; end$$\ndelimiter ;\nselect 2; select 3;',
    ['create procedure p() begin select 1; end', 'select 2', 'select 3'],
  ],
  [
    'F59 a delimiter of two semicolons',
    mysql,
    'Delimiter ;;\ncreate trigger t before insert on a for each row begin set @a = 1; end;;\nDELIMITER ;\nselect 1;',
    ['create trigger t before insert on a for each row begin set @a = 1; end', 'select 1'],
  ],
  [
    'F59 a delimiter of slashes',
    mysql,
    'delimiter //\nselect 8 / 2; select 1//\nselect 2 //',
    ['select 8 / 2; select 1', 'select 2'],
  ],
  [
    'F59 a delimiter that is a word',
    mysql,
    'delimiter go\nselect category; select 1\ngo\nselect going go',
    ['select category; select 1', 'select going'],
  ],
  ['F59 a delimiter of bars next to a word', mysql, 'delimiter |\nselect a|select b|', ['select a', 'select b']],
  [
    'F59 a delimiter in a string or comment ends nothing',
    mysql,
    "delimiter $$\nselect '$$' /* $$ */ -- $$\n, 1$$",
    ["select '$$' /* $$ */ -- $$\n, 1"],
  ],
  [
    'F59 a directive may follow a routine that lacks its delimiter',
    mysql,
    'delimiter $$\ncreate procedure p() begin select 1; end\ndelimiter ;\nselect 2;',
    ['create procedure p() begin select 1; end', 'select 2'],
  ],
  [
    'a column may be called delimiter',
    mysql,
    'create table t (\n  delimiter varchar(3),\n  x int\n); select delimiter from t',
    ['create table t (\n  delimiter varchar(3),\n  x int\n)', 'select delimiter from t'],
  ],
  [
    'F60 conditional comments are statements',
    mysql,
    '/*!40101 SET NAMES utf8 */;\n/*!50003 CREATE*/ /*!50020 DEFINER=`a`@`b`*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; END */;\nselect 1',
    [
      '/*!40101 SET NAMES utf8 */',
      '/*!50003 CREATE*/ /*!50020 DEFINER=`a`@`b`*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW BEGIN SET NEW.a = 1; END */',
      'select 1',
    ],
  ],
  [
    'F60 a string in a conditional comment may hold its end',
    mysql,
    `/*!50001 select '*/;' */; select 2`,
    [`/*!50001 select '*/;' */`, 'select 2'],
  ],
  [
    'F60 comments of MariaDB are executed by MariaDB',
    mariadb,
    '/*M!100100 SET a=1 */; select 1',
    ['/*M!100100 SET a=1 */', 'select 1'],
  ],
  ['F60 comments of MariaDB are comments to MySQL', mysql, '/*M!100100 SET a=1 */; select 1', ['select 1']],

  [
    'F59 a procedure without DELIMITER',
    mysql,
    'create procedure p() begin select 1; select 2; end; select 3',
    ['create procedure p() begin select 1; select 2; end', 'select 3'],
  ],
  [
    'a body of one statement ends at its semicolon',
    mysql,
    'create procedure p() select 1; select 2',
    ['create procedure p() select 1', 'select 2'],
  ],
  [
    'IF as a statement and as a function',
    mysql,
    'create procedure p() begin if a then set b = if(c, 1, 2); elseif d then select 1; else if e then select 2; end if; end if; end; select 3',
    [
      'create procedure p() begin if a then set b = if(c, 1, 2); elseif d then select 1; else if e then select 2; end if; end if; end',
      'select 3',
    ],
  ],
  [
    'IF as a function behind THEN of a CASE expression',
    mysql,
    'create procedure p() begin select case when a then if(b, 1, 2) else if(c, 3, 4) end; end; select 5',
    ['create procedure p() begin select case when a then if(b, 1, 2) else if(c, 3, 4) end; end', 'select 5'],
  ],
  [
    'CASE as a statement',
    mysql,
    'create procedure p() begin case x when 1 then select 1; when 2 then begin end; else begin select 2; end; end case; end; select 3',
    [
      'create procedure p() begin case x when 1 then select 1; when 2 then begin end; else begin select 2; end; end case; end',
      'select 3',
    ],
  ],
  [
    'LOOP, WHILE and REPEAT with labels',
    mysql,
    'create procedure p() a: begin b: loop leave b; end loop b; c: while x < 3 do set x = x + 1; end while c; repeat set x = repeat(1, 2); until x > 5 end repeat; end a; select 1',
    [
      'create procedure p() a: begin b: loop leave b; end loop b; c: while x < 3 do set x = x + 1; end while c; repeat set x = repeat(1, 2); until x > 5 end repeat; end a',
      'select 1',
    ],
  ],
  [
    'handlers with blocks',
    mysql,
    `create procedure p() begin declare exit handler for sqlexception begin rollback; end; declare continue handler for sqlstate '23000' set x = if(a, 1, 2); declare continue handler for not found if x then set y = 1; end if; select 1; end; select 2`,
    [
      `create procedure p() begin declare exit handler for sqlexception begin rollback; end; declare continue handler for sqlstate '23000' set x = if(a, 1, 2); declare continue handler for not found if x then set y = 1; end if; select 1; end`,
      'select 2',
    ],
  ],
  [
    'begin and end as names',
    mysql,
    'create procedure p() begin select begin, end from spans; update spans set end = begin; select case when end > 1 then end else begin end; end; select 1',
    [
      'create procedure p() begin select begin, end from spans; update spans set end = begin; select case when end > 1 then end else begin end; end',
      'select 1',
    ],
  ],
  [
    'a function with characteristics',
    mysql,
    `create definer=\`a\`@'%' function f(x int, y varchar(3)) returns varchar(10) character set utf8mb4 deterministic reads sql data sql security invoker comment 'a;b' begin return 1; end; select 2`,
    [
      `create definer=\`a\`@'%' function f(x int, y varchar(3)) returns varchar(10) character set utf8mb4 deterministic reads sql data sql security invoker comment 'a;b' begin return 1; end`,
      'select 2',
    ],
  ],
  [
    'a function that only returns',
    mysql,
    'create function f() returns int return if(1, case 1 when 1 then 2 end, 3); select 4',
    ['create function f() returns int return if(1, case 1 when 1 then 2 end, 3)', 'select 4'],
  ],
  [
    'a function of type SET',
    mysql,
    `create function f() returns set('a', 'b') begin return 'a'; end; select 1`,
    [`create function f() returns set('a', 'b') begin return 'a'; end`, 'select 1'],
  ],
  [
    'IF NOT EXISTS opens nothing',
    mariadb,
    'create procedure if not exists p() begin select 1; end; create table if not exists t(a int); select 2',
    ['create procedure if not exists p() begin select 1; end', 'create table if not exists t(a int)', 'select 2'],
  ],
  [
    'a trigger with one statement',
    mysql,
    'create trigger t after update on a for each row follows b set new.c = 1; select 2',
    ['create trigger t after update on a for each row follows b set new.c = 1', 'select 2'],
  ],
  [
    'a trigger that is one IF',
    mysql,
    'create trigger t before insert on a for each row if new.x then set new.y = 1; end if; select 2',
    ['create trigger t before insert on a for each row if new.x then set new.y = 1; end if', 'select 2'],
  ],
  [
    'an event',
    mysql,
    `create event e on schedule every 1 day starts '2020-01-01' on completion preserve do begin delete from t; do sleep(1); end; select 2`,
    [
      `create event e on schedule every 1 day starts '2020-01-01' on completion preserve do begin delete from t; do sleep(1); end`,
      'select 2',
    ],
  ],
  [
    'an event with one statement',
    mysql,
    'create event e on schedule every 1 day do drop table if exists t; select 2',
    ['create event e on schedule every 1 day do drop table if exists t', 'select 2'],
  ],
  [
    'words of routines as columns',
    mysql,
    'create table t (event int, `trigger` int, loop_count int); create index event on t(event); select 1',
    ['create table t (event int, `trigger` int, loop_count int)', 'create index event on t(event)', 'select 1'],
  ],
  [
    'BEGIN by itself begins a transaction',
    mariadb,
    'begin; insert into t values (1); commit; select 1',
    ['begin', 'insert into t values (1)', 'commit', 'select 1'],
  ],
  [
    'BEGIN NOT ATOMIC is a block',
    mariadb,
    'begin not atomic select 1; if a then select 2; end if; end; select 3',
    ['begin not atomic select 1; if a then select 2; end if; end', 'select 3'],
  ],
  ['a bare IF is a block', mariadb, 'if a then select 1; end if; select 2', ['if a then select 1; end if', 'select 2']],
  [
    'a FOR loop',
    mariadb,
    'create procedure p() begin for i in 1..3 do select i; end for; end; select 1',
    ['create procedure p() begin for i in 1..3 do select i; end for; end', 'select 1'],
  ],
];

test.each(cases)('%s', (_, dialect, text, statements) => {
  expect(split(text, dialect)).toEqual(statements);
});

test.each(cases)('with CRLF as with LF: %s', (_, dialect, text, statements) => {
  const crlf = (value: string): string => value.replaceAll('\n', '\r\n');
  expect(split(crlf(text), dialect)).toEqual(statements.map(crlf));
});

test.each(cases)('its parts split to themselves: %s', (_, dialect, text) => {
  const parts = split(text, dialect);
  // What stood under another delimiter or before data reads differently without them.
  if (/^delimiter|^copy/im.test(text)) return;
  expect(split(parts.join(';\n'), dialect)).toEqual(parts);
});

describe('positions', () => {
  test('are those of the first token, from 1', () => {
    const text = '\uFEFF-- c\r\nselect 1; select 2;\r\n\r\n  /* x */ select\r\n 3';
    const places = [...splitStatements(text, sqlite)].map(({ line, column }) => [line, column]);
    expect(places).toEqual([
      [2, 1],
      [2, 11],
      [4, 11],
    ]);
  });
  test('a byte order mark takes no column', () => {
    expect([...splitStatements('\uFEFFselect 1', sqlite)][0]).toMatchObject({ line: 1, column: 1 });
  });
});

const broken: readonly (readonly [fact: string, dialect: Dialect, text: string, line: number, column: number])[] = [
  ['an unclosed string', sqlite, "select 1;\n select 'a;\nb", 2, 9],
  ['an unclosed identifier', sqlite, 'select "a;', 1, 8],
  ['an unclosed bracket', sqlite, 'select\n[a;', 2, 1],
  ['an unclosed comment', sqlite, 'select 1; /* a;', 1, 11],
  ['an unclosed nested comment', postgres, 'select 1;\n/* a /* b */', 2, 1],
  ['an unclosed dollar quote', postgres, 'select $a$ ; $b$', 1, 8],
  ['an unclosed E string', postgres, String.raw`select E'\'`, 1, 9],
  ['an unclosed conditional comment', mysql, 'select 1; /*!50000 select 2;', 1, 11],
  ['an unclosed trigger', sqlite, 'create trigger t after insert on a\nbegin select 1;', 2, 1],
  ['an unclosed BEGIN ATOMIC', postgres, 'create function f() returns int\n begin atomic select 1;', 2, 2],
  ['an unclosed rule', postgres, 'create rule r as on insert to t do (select 1; select 2', 1, 36],
  ['an unclosed procedure', mysql, 'create procedure p() begin if a then select 1; end if;', 1, 22],
  ['a DELIMITER of nothing', mysql, 'select 1;\ndelimiter \nselect 2', 2, 1],
  ['F61 a command of psql', postgres, 'select 1;\n\\connect x', 2, 1],
  ['F61 a command of psql in a statement', postgres, 'select 1 \\gset', 1, 10],
  ['F61 \\restrict behind a statement', postgres, 'select 1; \\restrict abc', 1, 11],
  ['F43 a NUL character', sqlite, 'select 1;\nselect \0', 2, 8],
];

test.each(broken)('%s is an error at its opening', (_, dialect, text, line, column) => {
  expect(() => [...splitStatements(text, dialect, 'a.sql')]).toThrow(
    expect.objectContaining({
      code: 'SCRIPT_SYNTAX',
      hint: expect.any(String),
      facts: { place: { file: 'a.sql', line, column } },
    }),
  );
});

const dialects = [sqlite, postgres, mysql, mariadb] as const;
const tokens = fc.constantFrom(
  ...'select create table trigger procedure function p() begin end atomic case if then else loop do delimiter'.split(
    ' ',
  ),
  ...`; ; ; ( ) , . 1 a : = "b;" 'c;' '' \`d\` [e] $$ $x$ -- # /* */ /*!50000 // \\ é E'`.split(' '),
  '-- f;\n',
  '/* g; */',
  '\n',
  '\r\n',
);
const texts = fc.array(tokens, { maxLength: 40 }).map((parts) => parts.join(' '));

function trySplit(text: string, dialect: Dialect): string[] | null {
  try {
    return split(text, dialect);
  } catch (error) {
    if (error instanceof DetentError) return null;
    throw error;
  }
}

describe.each(dialects)('any text of $name', (dialect) => {
  test('splits, or is a typed error', () => {
    const run = fc.property(texts, (text) => trySplit(text, dialect) === null || true);
    expect(fc.check(run, { numRuns: 2000 })).toMatchObject({ failed: false });
  });
  test('splits into parts that stand in it, in order, where their positions say', () => {
    fc.assert(
      fc.property(texts, (text) => {
        if (trySplit(text, dialect) === null) return;
        const lines = text.split('\n');
        let from = 0;
        for (const { text: part, line, column } of splitStatements(text, dialect)) {
          const offset = lines.slice(0, line - 1).join('\n').length + (line > 1 ? 1 : 0) + column - 1;
          expect(text.slice(offset, offset + part.length)).toBe(part);
          expect(offset).toBeGreaterThanOrEqual(from);
          expect(part).toBe(part.trim());
          from = offset + part.length;
        }
      }),
      { numRuns: 1000 },
    );
  });
  test('its parts, joined again, split to themselves', () => {
    fc.assert(
      fc.property(texts, (text) => {
        const parts = trySplit(text, dialect);
        if (parts === null || /delimiter/i.test(text)) return;
        expect(split(parts.join('\n;\n'), dialect)).toEqual(parts);
      }),
      { numRuns: 1000 },
    );
  });
});

const MEGABYTE = 1_000_000;
const repeated = (part: string): string => part.repeat(Math.ceil(MEGABYTE / part.length));

/** Each would take minutes where a token, a comment or a line were read again from its start. */
const hostile: readonly (readonly [what: string, dialect: Dialect, text: string])[] = [
  ['dollars', postgres, repeated('$ ')],
  ['half dollar tags', postgres, repeated('$a ')],
  ['one long half dollar tag', postgres, `$${repeated('a')}`],
  ['quotes of one string', sqlite, `'${repeated("''")}'`],
  ['comment openings', postgres, repeated('/**/ ')],
  ['nested comments', postgres, repeated('/*') + repeated('*/')],
  ['comments behind white space of one line', sqlite, repeated('/* */  ')],
  ['words called delimiter in one line', mysql, `select ${repeated('delimiter ')}`],
  ['openings of blocks', mysql, `create procedure p() begin ${repeated('begin ')}${repeated('end; ')} end`],
  ['parentheses', sqlite, repeated('(')],
  ['semicolons', sqlite, repeated(';')],
  ['empty lines', sqlite, repeated('\n') + 'select 1'],
  ['line comments', mysql, repeated('# x\n')],
  ['dropped and renamed tables', sqlite, repeated('drop table a; alter table b rename to a; ')],
];

test.each(hostile)('F66 a megabyte of %s is read once', (_, dialect, text) => {
  const parts = trySplit(text, dialect);
  expect(parts === null || parts.join('').length <= text.length).toBe(true);
  if (parts !== null) parseScript({ text, file: 'a.sql', part: 'up', placeholders: {} }, dialect);
});
