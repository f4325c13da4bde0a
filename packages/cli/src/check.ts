import { ERROR_CODES, type Problem } from '@detent/core';
import type { ExitCode } from './io.ts';

/** What a check says: 0 when all is well, 2 when something differs, and the code of a state that a person must settle. */
export function checkCode(problems: readonly Problem[], isPending: boolean): ExitCode {
  if (problems.some(({ code }) => code === 'UNKNOWN_STATE')) return ERROR_CODES.UNKNOWN_STATE;
  return problems.length > 0 || isPending ? ERROR_CODES.PENDING : 0;
}
