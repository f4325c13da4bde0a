import { moment } from '@detent/core/render';
import { confirmed } from '../confirm.ts';
import { writeDocument, type ExitCode, type Invocation } from '../io.ts';
import { withExecutor } from '../session.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { flags } = invocation;
  const fence = flags.values.has('fence');
  return withExecutor(invocation, async ({ executor, configuration }) => {
    const { target } = executor.settings.adapter;
    const { holder } = await executor.inspect();
    if (holder !== null) {
      const end = fence ? ' and ends it if it still runs' : '';
      const what = `This takes the lock of ${target} from ${holder.username} on ${holder.host} (process ${holder.pid}, since ${moment(holder.since)})${end}.`;
      await confirmed(invocation, {
        what,
        care: fence ? 'name' : 'yes',
        target,
        environment: configuration.environment,
      });
    }
    const removed = holder === null ? null : await executor.unlock({ fence });
    if (flags.json) writeDocument({ removed });
    else if (!flags.quiet)
      process.stdout.write(
        removed === null
          ? 'Nobody holds the lock.\n'
          : `The lock was taken from ${removed.username} on ${removed.host} (process ${removed.pid}).\n`,
      );
    return 0;
  });
}
