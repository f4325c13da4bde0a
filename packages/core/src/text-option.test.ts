import { expect, test } from 'vitest';
import { textOption } from './text-option.ts';

test('a text is given, or left out', () => {
  expect(textOption({ url: 'x' }, 'url')).toBe('x');
  expect(textOption({}, 'url')).toBeUndefined();
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
