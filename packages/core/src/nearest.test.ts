import { expect, test } from 'vitest';
import { didYouMean, nearest } from './nearest.ts';

test('the nearest word is found when it is near enough', () => {
  expect(nearest('rolback', ['backup', 'rollback'])).toBe('rollback');
  expect(nearest('STATUS', ['status'])).toBe('status');
  expect(nearest('xyz', ['status'])).toBeNull();
  expect(didYouMean('migrat', ['migrate'])).toBe('; did you mean "migrate"?');
  expect(didYouMean('q', [])).toBe('');
});
