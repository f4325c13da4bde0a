import { expect, test } from 'vitest';
import { touchedBy } from './touched.ts';

const objects = (gone: boolean, ...names: readonly string[]): unknown => ({
  kind: 'objects',
  gone,
  objects: names.map((spelled) => {
    const [kind, name = '', schema = null] = spelled.split(':');
    return { kind, schema, name };
  }),
});

test.each([
  ['CREATE TABLE t (id int)', objects(false, 'table:t')],
  ['create table `a``b`.`T` like x', objects(false, 'table:T:a`b')],
  ['CREATE UNIQUE INDEX i ON t (a)', objects(false, 'table:t')],
  ['DROP INDEX i ON db.t', objects(false, 'table:t:db')],
  ['ALTER TABLE t ADD COLUMN c int, DROP COLUMN d', objects(false, 'table:t')],
  ['ALTER ONLINE IGNORE TABLE IF EXISTS t FORCE', objects(false, 'table:t')],
  ['DROP TABLE a, db.b', objects(true, 'table:a', 'table:b:db')],
  ['DROP VIEW v', objects(true, 'view:v')],
  ['RENAME TABLE a TO b, c TO d', objects(false, 'table:a', 'table:b', 'table:c', 'table:d')],
  ["CREATE DEFINER = 'a'@'b' SQL SECURITY INVOKER VIEW v AS SELECT 1", objects(false, 'view:v')],
  [
    '/*!50003 CREATE*/ /*!50017 DEFINER=`r`@`%`*/ /*!50003 TRIGGER tr BEFORE INSERT ON t FOR EACH ROW SET @a = 1 */',
    objects(false, 'trigger:tr'),
  ],
  ['CREATE AGGREGATE FUNCTION f(x int) RETURNS int BEGIN RETURN 1; END', objects(false, 'function:f')],
  ['CREATE PACKAGE BODY p AS END', objects(false, 'package body:p')],
  ['CREATE DATABASE d', objects(false, 'database:d')],
  ['ALTER EVENT e DISABLE', objects(false, 'event:e')],
])('F27 %s shows in what it names', (text, expected) => {
  expect(touchedBy(text)).toEqual(expected);
});

test.each([
  'CREATE OR REPLACE VIEW v AS SELECT 1',
  'CREATE TABLE IF NOT EXISTS t (id int)',
  'DROP TABLE IF EXISTS a, b',
  'CREATE USER IF NOT EXISTS u',
  'TRUNCATE TABLE t',
  'ANALYZE TABLE t',
  'GRANT ALL ON *.* TO u',
  'ALTER USER u IDENTIFIED BY "x"',
  'ALTER DATABASE CHARACTER SET utf8mb4',
])('%s may run twice', (text) => {
  expect(touchedBy(text)).toEqual({ kind: 'idempotent' });
});

test.each([
  'RENAME TABLE a TO t, b TO a, t TO b',
  'ALTER TABLE p EXCHANGE PARTITION q WITH TABLE t',
  'ALTER TABLE t IMPORT TABLESPACE',
  'CREATE USER u',
  'DROP ROLE r',
  'REVOKE ALL ON *.* FROM u',
  "CREATE FUNCTION f RETURNS string SONAME 'x.so'",
  'INSTALL PLUGIN x SONAME "y"',
])('nothing shows that %s ran', (text) => {
  expect(touchedBy(text)).toEqual({ kind: 'unseen' });
});
