import { createHash } from 'node:crypto';
import { expect, test } from 'vitest';
import { checksumOf, findTextProblem, matchesChecksum, textOf } from './checksum.ts';

const sum = (text: string): string => `v1:sha256:${createHash('sha256').update(text, 'utf8').digest('hex')}`;
const BOM = '\u{FEFF}';

test('F41 a checksum names its algorithm and its version', () => {
  expect(checksumOf(Buffer.from('select 1;\n')).checksum).toBe(sum('select 1;\n'));
  expect(sum('')).toMatch(/^v1:sha256:e3b0c44298fc1c14/u);
});

test.each([
  ['CRLF', 'a;\r\nb;\r\n', 'a;\nb;\n'],
  ['CR', 'a;\rb;\r', 'a;\nb;\n'],
  ['mixed line ends', 'a\r\rb\r\n\nc\n\r', 'a\n\nb\n\nc\n\n'],
  ['a byte order mark', `${BOM}a\nb`, 'a\nb'],
  ['both', `${BOM}a\r\nb`, 'a\nb'],
  ['a mark that is not at the start', `a${BOM}\r\n`, `a${BOM}\n`],
])('F42 %s counts in the raw hash only', (_, written, canonical) => {
  const { checksum, rawChecksum } = checksumOf(Buffer.from(written));
  expect(checksum).toBe(sum(canonical));
  expect(rawChecksum).toBe(sum(written));
});

test('F43 a byte order mark is not part of the text that is run', () => {
  expect(textOf(Buffer.from(`${BOM}select 1;\r\n`))).toBe('select 1;\r\n');
});

test('F42 a file with other line ends is still the file that was applied', () => {
  const applied = checksumOf(Buffer.from('a\nb\n'));
  expect(matchesChecksum(applied, checksumOf(Buffer.from('a\nb\n')))).toBe('same');
  expect(matchesChecksum(applied, checksumOf(Buffer.from('a\r\nb\r\n')))).toBe('canonical-only');
  expect(matchesChecksum(applied, checksumOf(Buffer.from('a\nc\n')))).toBe('different');
  expect(matchesChecksum(checksumOf(Buffer.from('a\r\nb\r\n')), applied)).toBe('canonical-only');
});

test('the twin of the applied file is that file', () => {
  const js = checksumOf(Buffer.from('export const up = 1;'));
  const ts = checksumOf(Buffer.from('export const up: number = 1;'));
  expect(matchesChecksum(js, { ...ts, twin: js })).toBe('same');
  expect(matchesChecksum(js, { ...ts, twin: null })).toBe('different');
});

test('a baseline row, which has no hash, fits every file', () => {
  expect(matchesChecksum({ checksum: null, rawChecksum: null }, checksumOf(Buffer.from('a')))).toBe('same');
});

test.each([
  ['a NUL byte', Buffer.from('a\nb\n\0c'), 'FILE_ENCODING', 3],
  ['UTF-16 LE', Buffer.from('\u{FEFF}a', 'utf16le'), 'FILE_ENCODING', 1],
  ['UTF-16 BE', Buffer.from('\u{FEFF}a', 'utf16le').swap16(), 'FILE_ENCODING', 1],
  ['UTF-32 LE', Buffer.from([0xff, 0xfe, 0, 0, 97, 0, 0, 0]), 'FILE_ENCODING', 1],
  ['UTF-32 BE', Buffer.from([0, 0, 0xfe, 0xff, 0, 0, 0, 97]), 'FILE_ENCODING', 1],
  ['Latin-1', Buffer.from('a\nb\ncaf\xe9', 'latin1'), 'FILE_ENCODING', 3],
  ['a character cut in half', Buffer.from('größe').subarray(0, 3), 'FILE_ENCODING', 1],
  ['an overlong form', Buffer.from([97, 10, 0xc0, 0xaf]), 'FILE_ENCODING', 2],
  ['a surrogate', Buffer.from([0xed, 0xa0, 0x80]), 'FILE_ENCODING', 1],
  ['nothing', Buffer.alloc(0), 'FILE_UNREADABLE', undefined],
  ['white space', Buffer.from(' \r\n\t\v\f\n'), 'FILE_UNREADABLE', undefined],
  ['only a byte order mark', Buffer.from(BOM), 'FILE_UNREADABLE', undefined],
])('F43 a file of %s is refused with its line', (_, bytes, code, line) => {
  const problem = findTextProblem(bytes, 'V1_x.sql', false);
  expect(problem?.code).toBe(code);
  expect(problem?.facts.place?.line).toBe(line);
});

test('an empty way back is left alone: it is none', () => {
  expect(findTextProblem(Buffer.alloc(0), 'V1_x.down.sql', true)).toBeNull();
  expect(findTextProblem(Buffer.from('-- only a comment\n'), 'V1_x.sql', false)).toBeNull();
});
