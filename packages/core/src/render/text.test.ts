import { expect, test } from 'vitest';
import { bytes, counted, cut, harmless, milliseconds, padEnd, widthOf, withoutPasswords, wrap } from './text.ts';

test.each([
  ['abc', 3],
  ['数据库', 6],
  ['é', 1],
  ['e\u0301', 1],
  ['🚀', 2],
  ['', 0],
])('%j takes %i columns', (text, width) => {
  expect(widthOf(text)).toBe(width);
  expect(widthOf(padEnd(text, 8))).toBe(8);
});

test.each([
  ['short', 10, 'short'],
  ['a long sentence', 8, 'a long …'],
  ['数据库数据库', 7, '数据库…'],
])('%j is cut to %i columns', (text, width, cutText) => {
  expect(cut(text, width, '…')).toBe(cutText);
});

test('a long word stays whole, so that it can be copied', () => {
  expect(wrap('see /a/very/long/path/that/does/not/fit now', 10)).toEqual([
    'see',
    '/a/very/long/path/that/does/not/fit',
    'now',
  ]);
});

test('a command stays whole where a line has room for it', () => {
  expect(wrap('run `detent resolve 7 --as applied`, or wait', 34)).toEqual([
    'run',
    '`detent resolve 7 --as applied`,',
    'or wait',
  ]);
  expect(wrap('run `detent resolve 7`', 12)).toEqual(['run `detent', 'resolve 7`']);
  expect(wrap("it is `a mark that nobody closes, isn't it", 12)).toEqual([
    'it is `a',
    'mark that',
    'nobody',
    'closes,',
    "isn't it",
  ]);
});

test('control characters are shown and not obeyed', () => {
  expect(harmless('a\u001b[31mb\u0007\tc\r\nd\re\u009b')).toBe('a�[31mb�  c\nd\ne�');
});

test.each([
  [0.4, '0 ms'],
  [999, '999 ms'],
  [1_000, '1.0 s'],
  [61_000, '1 min 1 s'],
  [7_260_000, '2 h 1 min'],
])('%d milliseconds are %s', (ms, words) => {
  expect(milliseconds(ms)).toBe(words);
});

test('numbers are grouped, and nouns agree', () => {
  expect([counted(1, 'row'), counted(0, 'row'), counted(1_234_567, 'row')]).toEqual([
    '1 row',
    '0 rows',
    '1,234,567 rows',
  ]);
  expect([bytes(0), bytes(1_023), bytes(1_536)]).toEqual(['0 B', '1023 B', '1.5 KiB']);
});

test.each([
  ['cannot reach postgres://u:s3cr3t@h/d now', 'cannot reach postgres://u:***@h/d now'],
  ['"mongodb+srv://u:p@s3cr3t@h"', '"mongodb+srv://u:***@h"'],
  ['see https://example.org/a:b', 'see https://example.org/a:b'],
  ['mail ada@example.org', 'mail ada@example.org'],
])('F98 %j is shown as %j', (text, shown) => {
  expect(withoutPasswords(text)).toBe(shown);
});
