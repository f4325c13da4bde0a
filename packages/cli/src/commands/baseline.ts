import type { ExitCode, Invocation } from '../io.ts';
import { maintain } from '../maintenance.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, signal } = invocation;
  const [version] = args;
  const name = flags.values.get('name');
  return maintain(invocation, ({ executor }) =>
    executor.baseline({
      signal,
      ...(version === undefined ? {} : { version }),
      ...(typeof name === 'string' ? { name } : {}),
    }),
  );
}
