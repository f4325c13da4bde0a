import { ERROR_CODES, type PlanReport } from '@detent/core';
import type { MigrationRenderer } from '@detent/core/render';
import { checkCode } from '../check.ts';
import type { ExitCode, Invocation } from '../io.ts';
import { withExecutor } from '../session.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const { values } = invocation.flags;
  const to = values.get('to');
  return withExecutor(invocation, async ({ executor, renderer }) =>
    drawPlan(renderer, await executor.plan(typeof to === 'string' ? { to } : {}), values.has('check')),
  );
}

/** Draws what would run. The exit code is the one that the run itself would be refused with. */
export function drawPlan(renderer: MigrationRenderer, report: PlanReport, check: boolean): ExitCode {
  renderer.drawPlan(report);
  const { plan, problems } = report;
  if (check) return checkCode(problems, plan.steps.length > 0);
  const [first] = problems;
  return first === undefined ? 0 : ERROR_CODES[first.code];
}
