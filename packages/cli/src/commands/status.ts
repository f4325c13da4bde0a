import { checkCode } from '../check.ts';
import type { ExitCode, Invocation } from '../io.ts';
import { countOf } from '../numbers.ts';
import { withExecutor } from '../session.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const count = countOf(invocation.flags, 'count');
  return withExecutor(invocation, async ({ executor, renderer }) => {
    const status = await executor.status();
    renderer.drawStatus(count === null ? status : { ...status, migrations: status.migrations.slice(-count) });
    return invocation.flags.values.has('check') ? checkCode(status.problems, status.counts.pending > 0) : 0;
  });
}
