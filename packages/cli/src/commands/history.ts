import type { ExitCode, Invocation } from '../io.ts';
import { countOf } from '../numbers.ts';
import { withExecutor } from '../session.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const count = countOf(invocation.flags, 'count');
  return withExecutor(invocation, async ({ executor, renderer }) => {
    renderer.drawHistory(await executor.history(count));
    return 0;
  });
}
