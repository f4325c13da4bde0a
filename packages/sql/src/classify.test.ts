import { describe, expect, test } from 'vitest';
import { DatabaseSync } from 'node:sqlite';
import { classify, mariadb, mysql, postgres, rebuildsTable, sqlite, type Dialect } from './index.ts';

type Kinds = readonly [dialect: Dialect, kind: string, statements: readonly string[]];

const kinds: readonly Kinds[] = [
  [
    sqlite,
    'ddl',
    ['create table t(a)', 'ALTER TABLE t ADD b', 'drop view v', 'vacuum', 'reindex', '/* x */ create index i on t(a)'],
  ],
  [
    sqlite,
    'data',
    [
      'insert into t values (1)',
      'replace into t values (1)',
      'pragma user_version = 3',
      'with x as (select 1) insert into t select * from x',
    ],
  ],
  [
    sqlite,
    'query',
    [
      'select 1',
      '(select 1)',
      'values (1)',
      'explain select 1',
      'pragma foreign_key_check',
      "pragma table_info('t')",
      'pragma foreign_keys',
      'with x as (select 1) select * from x',
    ],
  ],
  [
    sqlite,
    'session',
    [
      'pragma foreign_keys = off',
      'pragma main.journal_mode=wal',
      'pragma foreign_keys(0)',
      "attach 'x' as y",
      'savepoint a',
      'release a',
      'rollback to a',
      'rollback transaction to savepoint a',
    ],
  ],
  [sqlite, 'transaction', ['begin', 'begin immediate', 'commit', 'end', 'rollback', 'END TRANSACTION']],
  [
    postgres,
    'ddl',
    [
      'create table t()',
      'comment on table t is $$x$$',
      'grant select on t to u',
      'select 1 into t',
      'truncate t',
      'refresh materialized view v',
    ],
  ],
  [
    postgres,
    'data',
    [
      "copy t from '/x'",
      'merge into t using u on true when matched then delete',
      'do $$ begin end $$',
      'call p()',
      'with d as (delete from t returning *) select * from d',
      'explain analyze delete from t',
      'explain (analyze) delete from t',
    ],
  ],
  [
    postgres,
    'query',
    [
      'select 1 from t for update',
      'with x as (select * from t for update) select * from x',
      'show all',
      'table t',
      'explain delete from t',
    ],
  ],
  [
    postgres,
    'session',
    [
      'set search_path to x',
      'set local lock_timeout = 3',
      'reset all',
      'lock table t',
      'listen x',
      'prepare p as select 1',
      'load $$x$$',
    ],
  ],
  [
    postgres,
    'transaction',
    [
      'begin',
      'start transaction isolation level serializable',
      'commit',
      'abort',
      "prepare transaction 'x'",
      "commit prepared 'x'",
      'end',
    ],
  ],
  [
    mysql,
    'ddl',
    [
      'create table t(a int)',
      'rename table a to b',
      'optimize table t',
      '/*!50003 CREATE*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */',
    ],
  ],
  [mysql, 'data', ["load data infile 'x' into table t", 'call p()', 'do sleep(1)']],
  [
    mysql,
    'session',
    ['set names utf8', '/*!40101 SET NAMES utf8 */', 'use x', 'lock tables t write', 'unlock tables', 'start replica'],
  ],
  [
    mysql,
    'transaction',
    ['begin', 'start transaction', 'set autocommit = 0', 'set @@session.autocommit = 1', "xa start 'x'"],
  ],
  [mysql, 'query', ['show tables', 'desc t', "select 1 into outfile 'x'"]],
  [mariadb, 'data', ['begin not atomic select 1; end', 'if a then select 1; end if']],
];

describe.each(kinds)('$0.name calls $1', (dialect, kind, statements) => {
  test.each(statements)('%s', (statement) => {
    expect(classify(statement, dialect).kind).toBe(kind);
  });
});

type Transactional = readonly [dialect: Dialect, transactional: boolean, statements: readonly string[]];

const transactional: readonly Transactional[] = [
  [
    postgres,
    false,
    [
      'create index concurrently i on t(a)',
      'create unique index concurrently if not exists i on t(a)',
      'drop index concurrently i',
      'reindex index concurrently i',
      'reindex (verbose, concurrently) table t',
      'reindex database d',
      'vacuum',
      'vacuum (full) t',
      'alter system set a = 1',
      'create database d',
      'drop database d',
      "create tablespace s location '/x'",
      'alter database d set tablespace s',
      'alter table t detach partition p concurrently',
      'create subscription s connection $$x$$ publication p',
      'cluster',
      'discard all',
    ],
  ],
  [
    postgres,
    true,
    [
      'create index i on t(a)',
      'create index "concurrently" on t(a)',
      'refresh materialized view concurrently v',
      "alter type e add value 'x'",
      'alter table t detach partition p',
      'cluster t using i',
      'truncate t',
      'drop table t',
      'alter database d set a = 1',
      'create table "database"()',
      'insert into t values (1)',
    ],
  ],
  [
    mysql,
    false,
    [
      'create table t(a int)',
      'alter table t add b int',
      'drop table t',
      'truncate table t',
      'rename table a to b',
      'create trigger t before insert on a for each row set @a = 1',
      'lock tables t read',
      'unlock tables',
      'grant all on *.* to u',
      'analyze table t',
      'flush tables',
      'load index into cache t',
      'set password = $$x$$',
      '/*!50003 CREATE*/ /*!50003 TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */',
    ],
  ],
  [
    mysql,
    true,
    [
      'insert into t values (1)',
      'create temporary table t(a int)',
      'drop temporary table if exists t',
      'set names utf8',
      "load data infile 'x' into table t",
      'update t set a = 1',
    ],
  ],
  [
    sqlite,
    false,
    [
      'vacuum',
      "vacuum into 'x'",
      'detach x',
      'pragma journal_mode=wal',
      'pragma main.journal_mode=wal',
      'pragma synchronous=off',
      'pragma wal_checkpoint',
    ],
  ],
  [
    sqlite,
    true,
    [
      'create table t(a)',
      'drop table t',
      'pragma foreign_keys=off',
      'pragma user_version=1',
      "attach 'x' as y",
      'analyze',
    ],
  ],
];

describe.each(transactional)('$0.name in a transaction: $1', (dialect, expected, statements) => {
  test.each(statements)('%s', (statement) => {
    expect(classify(statement, dialect).transactional).toBe(expected);
  });
});

test.each(['vacuum', 'detach x', 'pragma synchronous=off', 'pragma wal_checkpoint'])(
  'SQLite itself refuses in a transaction: %s',
  (statement) => {
    const database = new DatabaseSync(':memory:');
    database.exec(
      "attach ':memory:' as x; create table t(a); create table x.t(a); begin; insert into t values (1); insert into x.t values (1)",
    );
    expect(() => database.exec(statement)).toThrow(/within a transaction|inside a transaction|locked/);
  },
);

type Destroys = readonly [dialect: Dialect, destroys: string | null, statements: readonly string[]];

const destroys: readonly Destroys[] = [
  [postgres, 'drop-table', ['drop table t', 'DROP TABLE IF EXISTS "a"."b" CASCADE']],
  [
    postgres,
    'drop-column',
    [
      'alter table t drop column c',
      'alter table t drop c',
      'alter table if exists only a.t add x int, drop if exists y',
      'alter type t drop attribute a',
      'drop type t cascade',
      'drop extension hstore cascade',
    ],
  ],
  [postgres, 'drop-schema', ['drop schema s cascade']],
  [postgres, 'drop-database', ['drop database d']],
  [postgres, 'drop-owned', ['drop owned by u']],
  [postgres, 'truncate', ['truncate t', 'truncate table a, b']],
  [postgres, 'delete-all', ['delete from t', 'delete from t returning (select 1 where true)']],
  [
    postgres,
    null,
    [
      'drop view v',
      'drop index i',
      'drop type t',
      'drop foreign table t',
      'delete from t where a',
      'update t set a = 1',
      'alter table t drop constraint c',
      'alter table t alter column c drop default',
      'alter table t alter c drop not null',
      'alter table t alter c drop expression',
      'alter table t add "drop" int',
      "comment on table t is 'drop table t'",
      'drop function f',
      'drop table_space x',
      'revoke truncate on t from u',
    ],
  ],
  [mysql, 'drop-table', ['drop table t', '/*!40000 DROP TABLE IF EXISTS t */']],
  [mysql, 'drop-database', ['drop schema s', 'drop database d']],
  [mysql, 'drop-column', ['alter table t add a int, drop b', 'alter table t drop column `a`']],
  [mysql, 'drop-partition', ['alter table t drop partition p']],
  [mysql, 'truncate', ['truncate t', 'alter table t truncate partition p']],
  [
    mysql,
    null,
    [
      'drop temporary table t',
      'alter table t drop primary key',
      'alter table t drop foreign key f',
      'alter table t drop index i, drop key k',
      'alter table t drop check c',
      'delete from t limit 10',
      'alter event e rename to f',
    ],
  ],
  [sqlite, 'drop-table', ['drop table t', 'drop table if exists t']],
  [sqlite, 'drop-column', ['alter table t drop c', 'alter table t drop column c']],
  [sqlite, 'delete-all', ['delete from t']],
  [
    sqlite,
    null,
    ['drop trigger t', 'create trigger t after insert on a begin delete from b; end', "select 'drop table t'"],
  ],
];

describe.each(destroys)('F76 on $0.name, $1', (dialect, expected, statements) => {
  test.each(statements)('%s', (statement) => {
    expect(classify(statement, dialect).destroys).toBe(expected);
  });
});

test.each([
  'drop table t',
  'DROP TABLE IF EXISTS t',
  'alter table a rename to b',
  '/* x */ alter table main."a" rename to "b"',
  'pragma foreign_keys=off',
  'PRAGMA main.foreign_keys = OFF',
  'pragma foreign_keys(0)',
  "pragma foreign_keys='off'",
])('F72 a rebuild: %s', (text) => {
  expect(rebuildsTable({ text }, sqlite)).toBe(true);
});

test.each([
  'drop index t',
  'alter table t rename column a to b',
  'alter table t rename a to b',
  'alter table t add b',
  'pragma foreign_keys=on',
  'pragma foreign_keys',
  'insert into t values (1)',
  "select 'drop table t'",
])('F72 no rebuild: %s', (text) => {
  expect(rebuildsTable({ text }, sqlite)).toBe(false);
});

test('a transaction of its own is never taken for a trigger', () => {
  expect(classify('create trigger t after insert on a begin delete from b; end', sqlite).kind).toBe('ddl');
});
