import { resolve } from 'node:path';
import type { ExitCode, Invocation } from '../io.ts';
import { maintain } from '../maintenance.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { args, signal, folder } = invocation;
  const [path] = args;
  return maintain(invocation, ({ executor }) =>
    executor.backup({ signal, ...(path === undefined ? {} : { path: resolve(folder, path) }) }),
  );
}
