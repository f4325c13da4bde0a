import { exitCodeOf } from '@detent/core';
import type { ExitCode, Invocation } from '../io.ts';
import { withExecutor } from '../session.ts';
import { drawPlan } from './plan.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { flags, signal } = invocation;
  const to = flags.values.get('to');
  const target = typeof to === 'string' ? { to } : {};
  return withExecutor(invocation, async ({ executor, renderer }) => {
    if (flags.values.has('dry-run')) return drawPlan(renderer, await executor.plan(target), false);
    const result = await executor.migrate({ ...target, signal });
    renderer.drawExecuted(result);
    return exitCodeOf(result);
  });
}
