import { expect, test } from 'vitest';
import { DetentError } from './errors.ts';
import { exitCodeOf } from './result.ts';

const errors = (code: DetentError['code']): DetentError[] => [new DetentError(code, 'x')];

test.each([
  [{ success: true, rollback: 'none-needed', errors: [] }, 0],
  [{ success: false, rollback: 'none-needed', errors: errors('STATEMENT_FAILED') }, 1],
  [{ success: false, rollback: 'complete', errors: errors('STATEMENT_FAILED') }, 1],
  [{ success: false, rollback: 'none-needed', errors: errors('LOCK_HELD') }, 3],
  [{ success: false, rollback: 'none-needed', errors: errors('CHECKSUM') }, 4],
  [{ success: false, rollback: 'incomplete', errors: errors('STATEMENT_FAILED') }, 5],
  [{ success: false, rollback: 'blocked', errors: errors('SCRIPT_FAILED') }, 5],
  [{ success: false, rollback: 'none-needed', errors: errors('UNKNOWN_STATE') }, 5],
  [{ success: false, rollback: 'none-needed', errors: errors('CONNECTION') }, 69],
  [{ success: false, rollback: 'incomplete', errors: errors('LOCK_LOST') }, 75],
] as const)('%j ends with %i', (result, code) => {
  expect(exitCodeOf(result)).toBe(code);
});
