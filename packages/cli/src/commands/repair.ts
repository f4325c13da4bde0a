import type { ExitCode, Invocation } from '../io.ts';
import { maintain } from '../maintenance.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  return maintain(invocation, ({ executor }) => executor.repair({ signal: invocation.signal }));
}
