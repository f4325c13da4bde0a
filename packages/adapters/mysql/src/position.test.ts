import { expect, test } from 'vitest';
import { migrate, openPlace } from './fixtures/places.ts';

test.each([
  ['INSERT INTO t (id,\n  nam) VALUES (1, 2)', 2, 3],
  ['UPDATE t SET `totall` = 1 WHERE id = 3', 1, 15],
  ['SELECT t.id, t.nope FROM t', 1, 14],
  ['DELETE FROM Nowhere', 1, 13],
  ['ALTER TABLE t ADD COLUMN id int', 1, 26],
  ['ALTER TABLE t DROP COLUMN gone', 1, 27],
  ['DROP INDEX gone ON t', 1, 12],
  ['DROP TABLE gone', 1, 12],
  ['CREATE TABLE t (id int)', 1, 14],
  ['CREATE INDEX t_n ON t (n)', 1, 14],
  ['CREATE INDEX other ON t (gone)', 1, 26],
  ['SELECT * FROM t FORCE INDEX (gone)', 1, 30],
  ['SELECT `a.b*`, id FROM t', 1, 9],
  ['SELEC 1', 1, 1],
])('what is refused in %j is shown at %i:%i', async (statement, line, column) => {
  await using place = await openPlace();
  await place.database.query('CREATE TABLE t (id int, n int, KEY t_n (n))');
  const [error] = (await migrate(place, { 'V1_a.sql': `${statement};` })).errors;
  expect(error).toMatchObject({ code: 'STATEMENT_FAILED', facts: { place: { line, column } } });
  expect(error?.facts['position']).toEqual(expect.any(Number));
});

test.each([['UPDATE t SET nope = nope + 1'], ['UPDATE t SET n = (SELECT gone.nope FROM t) WHERE gone.nope = 1']])(
  'the statement is shown where %j may mean several places',
  async (statement) => {
    await using place = await openPlace();
    await place.database.query('CREATE TABLE t (id int, n int)');
    const [error] = (await migrate(place, { 'V1_a.sql': `${statement};` })).errors;
    expect(error).toMatchObject({ code: 'STATEMENT_FAILED', facts: { place: { line: 1, column: 1 } } });
    expect(error?.facts['position']).toBeUndefined();
  },
);
