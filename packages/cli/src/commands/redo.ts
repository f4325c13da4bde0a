import { exitCodeOf } from '@detent/core';
import type { ExitCode, Invocation } from '../io.ts';
import { withExecutor } from '../session.ts';
import { drawPlan } from './plan.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, signal } = invocation;
  const [version] = args;
  const target = version === undefined ? {} : { version };
  return withExecutor(invocation, async ({ executor, renderer }) => {
    if (flags.values.has('dry-run')) return drawPlan(renderer, await executor.planRedo(target), false);
    const result = await executor.redo({ ...target, signal });
    renderer.drawExecuted(result);
    return exitCodeOf(result);
  });
}
