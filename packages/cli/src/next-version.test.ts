import { expect, test } from 'vitest';
import { nextVersion } from './next-version.ts';

const now = new Date('2023-11-02T00:36:07.500Z');

test('a version is the time in UTC', () => {
  expect(nextVersion([], now)).toBe('20231102003607');
});

test.each([
  ['a later one', ['migrations/V20990101000000_x.sql'], '20990101000001'],
  ['one of the same second', ['V20231102003607_x.sql'], '20231102003608'],
  ['one longer than a number can hold', ['V99999999999999999998_x.sql'], '99999999999999999999'],
  ['bare digits', ['20300101000000_x.up.sql'], '20300101000001'],
  ['an undo file', ['U20300101000000__x.sql'], '20300101000001'],
])('%s is passed', (_, names, version) => {
  expect(nextVersion(names, now)).toBe(version);
});

test.each([['README.md'], ['R__view.sql'], ['V1_x.sql'], ['2030']])('%s changes nothing', (name) => {
  expect(nextVersion([name], now)).toBe('20231102003607');
});
