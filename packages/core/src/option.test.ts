import { expect, test } from 'vitest';
import { choiceOption, countOption, flagOption, textOption } from './option.ts';

test('an option is given, or left out', () => {
  expect(textOption({ url: 'x' }, 'url')).toBe('x');
  expect(flagOption({ gzip: true }, 'gzip')).toBe(true);
  expect(countOption({ retries: 0 }, 'retries', '')).toBe(0);
  expect(choiceOption({ mode: 'WAL' }, 'mode', ['wal', 'delete'])).toBe('wal');
  expect(textOption({}, 'url')).toBeUndefined();
  expect(flagOption({}, 'gzip')).toBeUndefined();
  expect(countOption({}, 'retries', '')).toBeUndefined();
  expect(choiceOption({}, 'mode', ['wal', 'delete'])).toBeUndefined();
});

test.each([
  ['', 'Is the variable set'],
  [7, 'Leave it out'],
  [null, 'Leave it out'],
])('%j is refused with what to do', (value, hint) => {
  expect(() => textOption({ url: value }, 'url')).toThrow(
    expect.objectContaining({
      code: 'CONFIG',
      message: expect.stringContaining('url must be a text'),
      hint: expect.stringContaining(hint),
    }),
  );
});

test.each([['true'], [1], [null]])('a flag is not %o', (gzip) => {
  expect(() => flagOption({ gzip }, 'gzip')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
});

test.each([[-1], [1.5], ['1'], [null], [Number.NaN]])('a count is not %o', (retries) => {
  expect(() => countOption({ retries }, 'retries', '')).toThrow(expect.objectContaining({ code: 'CONFIG' }));
});

test.each([
  [7, 'mode cannot be a number.'],
  ['wall', 'mode cannot be "wall"; did you mean "wal"?'],
  ['memory', 'mode cannot be "memory".'],
])('a choice is not %o', (mode, message) => {
  const hint = 'It is one of wal, delete.';
  expect(() => choiceOption({ mode }, 'mode', ['wal', 'delete'])).toThrow(
    expect.objectContaining({ code: 'CONFIG', message, hint }),
  );
});
