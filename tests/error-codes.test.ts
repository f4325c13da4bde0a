import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { ERROR_CODES } from '../packages/core/src/errors.ts';
import { root } from './workspace.ts';

test('every error code is explained in docs/errors.md', () => {
  const file = join(root, 'docs/errors.md');
  const text = existsSync(file) ? readFileSync(file, 'utf8') : '';
  const codes = Object.keys(ERROR_CODES);
  expect(codes.length).toBeGreaterThan(0);
  expect(codes.filter((code) => !text.includes(`\`${code}\``))).toEqual([]);
});
