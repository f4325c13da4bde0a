import { expect, test } from 'vitest';
import { decimalsIn } from './json-decimals.ts';

const digitsIn = (text: string): readonly string[] => decimalsIn(text).map(({ digits }) => digits);

test('numbers that a double would not show are found, wherever they are', () => {
  expect(decimalsIn('{"price": 1.10, "q\\"uo.te": [0, {"ü": 0.100}], "__proto__": 2.50}')).toEqual([
    { path: '$."price"', digits: '1.10' },
    { path: '$."q\\"uo.te"[1]."ü"', digits: '0.100' },
    { path: '$."__proto__"', digits: '2.50' },
  ]);
  expect(decimalsIn('1.50')).toEqual([{ path: '$', digits: '1.50' }]);
});

test('whole numbers of 64 bits are not, larger ones are', () => {
  expect(digitsIn('[18446744073709551615, -9223372036854775808, 1234567890123456789]')).toEqual([]);
  expect(digitsIn('[18446744073709551616, -9223372036854775809]')).toEqual([
    '18446744073709551616',
    '-9223372036854775809',
  ]);
});

test('doubles are not', () => {
  expect(digitsIn('[0.1, 1.5, 3.0, -0.0, 1e308, 1.5e-7, 2.2250738585072014e-308, "1.10"]')).toEqual([]);
});
