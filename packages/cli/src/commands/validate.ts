import { ERROR_CODES } from '@detent/core';
import type { ExitCode, Invocation } from '../io.ts';
import { withExecutor } from '../session.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  return withExecutor(invocation, async ({ executor, renderer }) => {
    const problems = await executor.validate();
    renderer.drawProblems(problems);
    const [first] = problems;
    return first === undefined ? 0 : ERROR_CODES[first.code];
  });
}
