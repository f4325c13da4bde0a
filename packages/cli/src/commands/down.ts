import { DetentError, exitCodeOf, normalizeVersion, type DownOptions } from '@detent/core';
import { counted } from '@detent/core/render';
import { confirmed } from '../confirm.ts';
import type { ExitCode, Invocation } from '../io.ts';
import { countOf } from '../numbers.ts';
import { withExecutor } from '../session.ts';
import { drawPlan } from './plan.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { flags, signal } = invocation;
  const to = flags.values.get('to');
  const steps = countOf(flags, 'steps');
  if (typeof to === 'string' && steps !== null)
    throw new DetentError('USAGE', '--to and --steps exclude each other.', { hint: 'Give one of them.' });
  const target: DownOptions = typeof to === 'string' ? { to } : steps === null ? {} : { steps };
  return withExecutor(invocation, async ({ executor, renderer, configuration }) => {
    const isDryRun = flags.values.has('dry-run');
    const isSeveral = typeof to === 'string' || steps !== null;
    if (!isDryRun && !isSeveral) return finish(await executor.down({ signal }));
    const report = await executor.planDown(target);
    if (isDryRun) return drawPlan(renderer, report, false);
    const { target: database } = executor.settings.adapter;
    const isEverything = typeof to === 'string' && /^[\d._]+$/.test(to) && normalizeVersion(to) === '0';
    const count = report.plan.steps.length;
    if (count > 1 || isEverything) {
      const what = `This undoes ${counted(count, 'migration')} of ${database}.`;
      await confirmed(invocation, {
        what,
        care: isEverything ? 'name' : 'yes',
        target: database,
        environment: configuration.environment,
      });
    }
    return finish(await executor.down({ ...target, signal }));

    function finish(result: Awaited<ReturnType<typeof executor.down>>): ExitCode {
      renderer.drawExecuted(result);
      return exitCodeOf(result);
    }
  });
}
