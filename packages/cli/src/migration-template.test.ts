import { expect, test } from 'vitest';
import { habitsOf, templateFor } from './migration-template.ts';

const template = {
  version: '20231102003607',
  name: 'add_orders',
  language: 'sql',
  commonJs: false,
  scripts: true,
  importFrom: '@detent/sqlite',
} as const;
const filesOf = (names: readonly string[], newest = ''): readonly string[] =>
  templateFor(habitsOf('auto', names, newest), template).map(([file]) => file);

test.each([
  ['an empty folder', [], '', ['V20231102003607_add_orders.sql']],
  [
    'Flyway with undo files',
    ['V1__a.sql', 'U1__a.sql'],
    '',
    ['V20231102003607__add_orders.sql', 'U20231102003607__add_orders.sql'],
  ],
  ['Flyway without', ['V1__a.sql'], '', ['V20231102003607__add_orders.sql']],
  [
    'pairs',
    ['1_a.up.sql', '1_a.down.sql'],
    '',
    ['20231102003607_add_orders.up.sql', '20231102003607_add_orders.down.sql'],
  ],
  [
    'pairs with a V',
    ['V1_a.up.sql', 'V1_a.down.sql'],
    '',
    ['V20231102003607_add_orders.up.sql', 'V20231102003607_add_orders.down.sql'],
  ],
  ['goose', ['1_a.sql'], '-- +goose Up\n', ['20231102003607_add_orders.sql']],
])('a new migration follows %s', (_, names, newest, files) => {
  expect(filesOf(names, newest)).toEqual(files);
});

test.each([
  ['-- +goose Up\nselect 1;', '-- +goose Down'],
  ['-- migrate:up\nselect 1;', '-- migrate:down'],
  ['select 1;', '-- detent:down'],
])('the markers of %j are kept', (newest, marker) => {
  const [[, text] = []] = templateFor(habitsOf('auto', ['1_a.sql'], newest), template);
  expect(text).toContain(marker);
});

test.each(['detent', 'flyway', 'golang-migrate', 'goose', 'dbmate', 'migrate-mongo'] as const)(
  'the layout %s has a template of its own',
  (layout) => {
    expect(templateFor(habitsOf(layout, [], ''), template).length).toBeGreaterThan(0);
  },
);

test('where there is no SQL a new migration is made of stages, or of functions as in migrate-mongo', () => {
  const code = { ...template, language: 'ts', scripts: false, importFrom: '@detent/mongo' } as const;
  const [[file, text] = []] = templateFor(habitsOf('auto', [], ''), code);
  expect(file).toBe('V20231102003607_add_orders.ts');
  expect(text).toContain("kind: 'schema'");
  const [[foreign, functions] = []] = templateFor(habitsOf('migrate-mongo', [], ''), code);
  expect(foreign).toBe('20231102003607-add_orders.ts');
  expect(functions).toContain('async up(db) {');
  expect(`${text}${functions}`).not.toContain('sql');
});
