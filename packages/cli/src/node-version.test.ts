import { expect, test } from 'vitest';
import { isNodeTooOld } from './node-version.ts';

test.each([
  ['20.20.2', true],
  ['22.17.9', true],
  ['22.18.0', false],
  ['23.0.0', false],
  ['24.1.0', false],
])('Node %s is too old: %s', (version, isOld) => {
  expect(isNodeTooOld(version)).toBe(isOld);
});
