import { expect, test } from 'vitest';
import { compareMigrations, compareText, compareVersions, normalizeVersion } from './version.ts';

test.each([
  ['1', '1'],
  ['001', '1'],
  ['0', '0'],
  ['000', '0'],
  ['1.0', '1'],
  ['01.02.00', '1.2'],
  ['1_1', '1.1'],
  ['0.0', '0'],
  ['10', '10'],
])('the version %s is %s', (written, normal) => {
  expect(normalizeVersion(written)).toBe(normal);
});

test('versions are integers of any length', () => {
  const versions = [
    '99999999999999999999999',
    '2',
    '10',
    '1.10',
    '1.2',
    '1',
    '9007199254740993',
    '9007199254740992',
    '1.2.1',
  ];
  expect(versions.toSorted(compareVersions)).toEqual([
    '1',
    '1.2',
    '1.2.1',
    '1.10',
    '2',
    '10',
    '9007199254740992',
    '9007199254740993',
    '99999999999999999999999',
  ]);
});

test('the order of versions is total', () => {
  let seed = 7;
  const random = (below: number): number => (seed = (seed * 48271) % 2147483647) % below;
  const part = (): string => '0'.repeat(random(2)) + String(random(4)) + '0'.repeat(random(20));
  const version = (): string => Array.from({ length: 1 + random(3) }, part).join('.');
  for (let i = 0; i < 3000; i++) {
    const [a, b, c] = [version(), version(), version()];
    expect(Math.sign(compareVersions(a, b))).toBe(-Math.sign(compareVersions(b, a)) + 0);
    expect(compareVersions(a, b) === 0).toBe(normalizeVersion(a) === normalizeVersion(b));
    const [low = '', middle = '', high = ''] = [a, b, c].toSorted(compareVersions);
    expect([low, middle, high].map((one) => compareVersions(low, one) <= 0 && compareVersions(one, high) <= 0)).toEqual(
      [true, true, true],
    );
  }
});

test('F47 names are ordered by code point, not by locale or UTF-16 unit', () => {
  expect(['ä', 'z', 'Z', 'a', '\u{1F600}', '\u{FFFD}', 'ab'].toSorted(compareText)).toEqual([
    'Z',
    'a',
    'ab',
    'z',
    'ä',
    '\u{FFFD}',
    '\u{1F600}',
  ]);
});

test('repeatable migrations come after all versioned ones', () => {
  const versioned = (version: string, name: string) => ({ version, name, kind: 'versioned' as const });
  const repeatable = (name: string) => ({ version: null, name, kind: 'repeatable' as const });
  const sorted = [
    repeatable('b'),
    versioned('10', 'x'),
    repeatable('a'),
    versioned('9', 'z'),
    versioned('09', 'a'),
  ].toSorted(compareMigrations);
  expect(sorted.map(({ version, name }) => `${version} ${name}`)).toEqual(['09 a', '9 z', '10 x', 'null a', 'null b']);
});
