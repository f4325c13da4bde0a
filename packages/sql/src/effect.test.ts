import { expect, test } from 'vitest';
import { classify, mariadb, postgres, type Dialect } from './index.ts';

const pairs: readonly (readonly [Dialect, string, string])[] = [
  [mariadb, 'CREATE TABLE `A` (id int)', 'DROP TABLE IF EXISTS a'],
  [mariadb, 'ALTER TABLE t ADD COLUMN a int, ADD b int', 'ALTER TABLE t DROP b, DROP COLUMN a'],
  [mariadb, 'CREATE UNIQUE INDEX i ON t (a)', 'DROP INDEX i ON t'],
  [mariadb, 'ALTER TABLE t CHANGE a b int', 'ALTER TABLE t CHANGE b a int'],
  [mariadb, 'ALTER TABLE t RENAME COLUMN a TO b', 'ALTER TABLE t RENAME COLUMN b TO a'],
  [mariadb, 'RENAME TABLE a TO b', 'RENAME TABLE b TO a'],
  [mariadb, 'ALTER TABLE a RENAME TO b', 'RENAME TABLE b TO a'],
  [mariadb, 'INSERT INTO t (a) VALUES (1)', 'DELETE FROM t WHERE a = 1'],
  [mariadb, 'UPDATE t SET a = 1, b = 2', 'UPDATE t SET b = 0, a = f(1, 2) WHERE 1'],
  [mariadb, "CREATE DEFINER = 'a'@'b' TRIGGER x BEFORE INSERT ON t FOR EACH ROW SET @a = 1", 'DROP TRIGGER x'],
  [postgres, 'CREATE INDEX CONCURRENTLY i ON t (a)', 'DROP INDEX CONCURRENTLY i'],
  [postgres, 'CREATE TABLE s.t (a int)', 'DROP TABLE s."t" CASCADE'],
];

test.each(pairs)('%#: %s is undone by %s', (dialect, up, down) => {
  const [made, undone] = [classify(up, dialect).effect, classify(down, dialect).effect];
  expect(made).not.toBeNull();
  expect(undone?.on).toEqual(made?.on);
  expect([made?.change ?? '', undone?.change ?? ''].toSorted((a, b) => a.localeCompare(b))).toEqual(
    made?.change === 'alters' ? ['alters', 'alters'] : ['makes', 'takes away'],
  );
});

test.each([
  'DROP TABLE a, b',
  'ALTER TABLE t ADD a int, DROP b',
  'CALL p()',
  'GRANT ALL ON t TO u',
  'CREATE TEMPORARY TABLE t (a int)',
  'RENAME TABLE a TO b, c TO d',
])('what %s does is not told by its first words', (text) => {
  expect(classify(text, mariadb).effect).toBeNull();
});

test.each([
  [mariadb, "SET NAMES utf8mb4, sql_mode = ''", { kind: 'setting' }],
  [mariadb, 'SET @OLD_CHECKS=@@UNIQUE_CHECKS, UNIQUE_CHECKS=0', { kind: 'setting' }],
  [mariadb, '/*!40101 SET @saved_cs_client = @@character_set_client */', { kind: 'setting' }],
  [mariadb, 'SET @id = LAST_INSERT_ID()', { kind: 'value', name: '@id' }],
  [mariadb, 'SELECT max(id) INTO @top FROM t', { kind: 'value', name: '@top' }],
  [mariadb, 'USE other', { kind: 'setting' }],
  [mariadb, 'SET GLOBAL x = 1', null],
  [mariadb, 'CREATE TEMPORARY TABLE IF NOT EXISTS d.`T` (a int)', { kind: 'value', name: 't' }],
  [mariadb, 'CREATE TABLE t (a int)', null],
  [mariadb, 'INSERT INTO t SELECT 1', null],
  [postgres, 'SET search_path TO x', { kind: 'setting' }],
  [postgres, 'SET LOCAL search_path TO x', null],
  [postgres, "SELECT pg_catalog.set_config('search_path', '', false)", { kind: 'setting' }],
  [postgres, 'CREATE LOCAL TEMP TABLE t (a int)', { kind: 'value', name: 't' }],
] as const)('%#: %s leaves %j in the connection', (dialect, text, leaves) => {
  expect(classify(text, dialect).leaves).toEqual(leaves);
});
