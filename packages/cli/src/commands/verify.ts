import { checkCode } from '../check.ts';
import type { ExitCode, Invocation } from '../io.ts';
import { withExecutor } from '../session.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  return withExecutor(invocation, async ({ executor, renderer }) => {
    const verification = await executor.verify();
    renderer.drawVerification(verification);
    return checkCode(verification.problems, false);
  });
}
