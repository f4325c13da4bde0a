import { expect, test } from 'vitest';
import { namedIn } from './named.ts';

const tablesIn = (text: string): readonly string[] =>
  namedIn(text).tables.map(({ schema, name }) => (schema === null ? name : `${schema}.${name}`));

test.each([
  ['INSERT INTO t VALUES (1)', ['t']],
  ['insert ignore t (a, b) select a, b from `u``v` as x, db.w where a in (select c from z)', ['t', 'u`v', 'db.w', 'z']],
  ['REPLACE LOW_PRIORITY INTO `db`.`t` SET a = 1', ['db.t']],
  ["UPDATE t SET a = REPLACE(a, ',', ';'), b = 2", ['t']],
  ['UPDATE a, b JOIN c ON a.id = c.id SET a.x = 1', ['a', 'b', 'c']],
  ['DELETE a, b FROM a JOIN b USING (id)', ['a', 'b', 'id']],
  ['DELETE QUICK FROM t WHERE id = 1', ['t']],
  ["LOAD DATA LOCAL INFILE 'x' INTO TABLE t", ['t']],
  ['WITH n AS (SELECT 1) DELETE FROM t', ['t']],
  ['INSERT INTO t VALUES (1) ON DUPLICATE KEY UPDATE a = b', ['t', 'a']],
])('%s names its tables', (text, expected) => {
  expect(tablesIn(text)).toEqual(expected);
});

test('a body is read for what it calls and whether it may commit', () => {
  expect(namedIn('BEGIN CALL db.p(1); UPDATE t SET a = 1; END')).toMatchObject({
    procedures: [{ schema: 'db', name: 'p' }],
    mayCommit: false,
  });
  expect(namedIn('BEGIN ALTER TABLE t ADD a int; END').mayCommit).toBe(true);
  expect(namedIn('BEGIN PREPARE s FROM @x; END').mayCommit).toBe(true);
  expect(namedIn('BEGIN SELECT 1 FROM t LOCK IN SHARE MODE; END').mayCommit).toBe(false);
});
