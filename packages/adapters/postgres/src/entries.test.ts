import { expect, test } from 'vitest';
import { failureOf, playground, take } from './fixtures/playground.ts';

const INSERT =
  'INSERT INTO schema_version (id, version, name, kind, state, file, checksum, raw_checksum, applied_order, statements_done, ' +
  'statement_hashes, cursors, attempt, token, run_id, username, started_at, tool_version) VALUES ';
const rest = (order: number): string => `NULL, NULL, ${order}, 1, '[]', '{}', 1, 1, 'r', 'u', 1, '0'`;

test.each([
  ['a tab and a quote', `a\t'"b`],
  ['what joins fields', 'a\u{1f}b'],
  ['what joins records', 'a\u{1e}b'],
  ['what stands for nothing', '\u{1d}'],
])('a name with %s is read as it was written', async (_, name) => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  await session.history.init();
  const quoted = name.replaceAll("'", "''");
  await place.database.query(
    `${INSERT} ('2', '2', '${quoted}', 'versioned', 'applied', 'f', ${rest(2)}), ('1', NULL, 'x', 'repeatable', 'applied', 'g', ${rest(1)})`,
  );
  const { entries } = await (await place.open()).history.read();
  expect(entries.map((entry) => [entry.name, entry.version, entry.appliedOrder, entry.finishedAt])).toEqual([
    ['x', null, 1, null],
    [name, '2', 2, null],
  ]);
  expect((await session.history.read()).entries).toEqual(entries);
});

test('a row that misses what it must have is named', async () => {
  await using place = await playground();
  const session = await place.open();
  await take(session);
  await session.history.init();
  await place.database.query(
    'ALTER TABLE schema_version ALTER name DROP NOT NULL',
    `${INSERT} ('1', '1', NULL, 'versioned', 'applied', 'f', ${rest(1)})`,
  );
  expect(await failureOf((await place.open()).history.read())).toMatchObject({
    code: 'HISTORY_DAMAGED',
    facts: { row: '1', column: 'name' },
  });
});
