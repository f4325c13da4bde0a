import { describe, expect, test } from 'vitest';
import { migrate } from './fixtures/places.ts';
import { productsFor } from './fixtures/shop.ts';

describe.each(await productsFor('foreign keys'))('$product', ({ open }) => {
  test.each([
    ['ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES u (idd)', /idd/, 49],
    ['ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES nowhere (id)', /nowhere/, 46],
    ['ALTER TABLE t ADD FOREIGN KEY (n) REFERENCES u (plain)', /no index|unique key/, 1],
    ['CREATE TABLE c (m bigint,\n FOREIGN KEY (m) REFERENCES u (id))', /type|incompatible/, 1],
    ['ALTER TABLE t ADD FOREIGN KEY (wide) REFERENCES u (id)', /type|incompatible/, 32],
  ])('what is wrong with the foreign key in %j is told', async (statement, words, column) => {
    await using place = await open();
    await place.database.query(
      'CREATE TABLE t (id int PRIMARY KEY, n int, wide bigint)',
      'CREATE TABLE u (id int PRIMARY KEY, plain int)',
    );
    const [error] = (await migrate(place, { 'V1_a.sql': `${statement};` })).errors;
    expect(error).toMatchObject({ code: 'STATEMENT_FAILED', facts: { place: { line: 1, column } } });
    expect(error?.message).toMatch(words);
    expect(error?.hint).toBeTypeOf('string');
  });
});
