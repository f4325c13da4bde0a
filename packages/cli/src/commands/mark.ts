import type { ExitCode, Invocation } from '../io.ts';
import { maintain, stateOf } from '../maintenance.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, signal } = invocation;
  const [version = ''] = args;
  const state = stateOf(flags);
  return maintain(invocation, ({ executor }) => executor.mark({ version, ...state, signal }));
}
