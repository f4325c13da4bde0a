import type { StepInfo } from '../events.ts';
import type { RunOutcome } from '../run/runner.ts';
import type { LoadedStep } from '../validate/pending.ts';

/** Every step of which something stands, newest first. */
export function standingSteps<Db>({ done, failed }: RunOutcome<Db>): LoadedStep<Db>[] {
  const newestFirst = done.map(({ step }) => step).toReversed();
  return failed?.undone === false ? [failed.step, ...newestFirst] : newestFirst;
}

export function infosOf<Db>(steps: readonly LoadedStep<Db>[]): StepInfo[] {
  return steps.map((step) => step.info);
}
