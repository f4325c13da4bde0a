import { describe, expect, test } from 'vitest';
import { readMigrationModule, sourceTextOf } from './modules.ts';

const stage = { name: 'a', kind: 'data', run: () => undefined };

describe('stages', () => {
  test('stand in place of a function', () => {
    expect(readMigrationModule({ up: [stage], down: [] }, 'V1_x.ts')).toMatchObject({ up: [stage], down: [] });
  });

  test.each([
    ['that is no object', ['text']],
    ['without a name', [{ ...stage, name: '' }]],
    ['with the name "a", which another one has', [stage, stage]],
    ['whose kind is none of schema, data, batches', [{ ...stage, kind: 'ddl' }]],
    ['without a function "run"', [{ ...stage, run: null }]],
    ['with an "idempotent" that is neither true nor false', [{ ...stage, idempotent: 1 }]],
  ])('%s are refused', (words, up) => {
    expect(() => readMigrationModule({ up }, 'V1_x.ts')).toThrow(
      expect.objectContaining({ code: 'MODULE_EXPORTS', message: expect.stringContaining(words) as string }),
    );
  });

  test('without a file differ by names, kinds and functions', () => {
    const texts = [
      [stage],
      [{ ...stage, name: 'b' }],
      [{ ...stage, kind: 'schema' }],
      [{ ...stage, run: () => 1 }],
    ].map((up) => sourceTextOf({ up }, 'V1_x.ts'));
    expect(new Set(texts).size).toBe(texts.length);
  });
});
