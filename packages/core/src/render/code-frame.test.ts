import { expect, test } from 'vitest';
import { codeFrame } from './code-frame.ts';
import { drawing } from './drawing.ts';

const text = 'create table users (\n  id integer,\n  nmae txet not nul,\n  at text\n)';

test('a caret stands under the place, and lines have their numbers in the file', () => {
  expect(codeFrame(drawing(), { text, line: 12, position: text.indexOf('nul') })).toBe(
    [
      '    10 │ create table users (',
      '    11 │   id integer,',
      '    12 │   nmae txet not nul,',
      '       │                 ^',
      '    13 │   at text',
      '    14 │ )',
      '',
    ].join('\n'),
  );
});

test('the end of the last line begins no other, unless the place is there', () => {
  const frame = (position: number): string => codeFrame(drawing(), { text: 'select 1,\n', line: 1, position });
  expect(frame(7)).toBe('    1 │ select 1,\n      │        ^\n');
  expect(frame(10)).toContain('    1 │ \n      │ ^\n');
});

test('without a place the statement is shown from its beginning', () => {
  const frame = codeFrame(drawing(), { text, line: 10, position: null });
  expect(frame).toContain('10 │ create table users (');
  expect(frame).not.toContain('^');
});

test('a line that is too long is shown around its place', () => {
  const long = `select ${'1, '.repeat(200)}wrong, ${'2, '.repeat(200)}3`;
  const frame = codeFrame(drawing(60), { text: long, line: 1, position: long.indexOf('wrong') });
  const [line = '', caret = ''] = frame.split('\n');
  expect(line.length).toBeLessThanOrEqual(60);
  expect(line.slice(caret.indexOf('^')).startsWith('wrong')).toBe(true);
});

test('tabs and wide characters do not move the caret away', () => {
  const wide = "\tinsert into t values ('数据', oops)";
  const frame = codeFrame(drawing(), { text: wide, line: 1, position: wide.indexOf('oops') });
  const [line = '', caret = ''] = frame.split('\n');
  // Each of the two wide characters takes two columns.
  expect(caret.indexOf('^')).toBe(line.indexOf('oops') + 2);
});
