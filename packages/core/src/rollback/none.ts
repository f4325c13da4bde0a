import { warn } from '../run/context.ts';
import type { FailedStep } from '../run/runner.ts';
import type { FailedRun, RollbackReport } from './rollback-service.ts';

/** Undoes nothing, and says what stands. */
export async function rollBackByNone<Db>({ context, outcome }: FailedRun<Db>): Promise<RollbackReport> {
  const { done, failed } = outcome;
  for (const direction of ['down', 'up'] as const) {
    const files = done.filter(({ step }) => step.info.direction === direction).map(({ step }) => step.info.file);
    const what = direction === 'up' ? 'applied' : 'undone';
    if (files.length > 0)
      warn(
        context,
        `Before the failure ${files.join(', ')} ${files.length === 1 ? 'was' : 'were'} ${what}; that stays so.`,
      );
  }
  if (failed?.undone !== false) return { outcome: 'none-needed', rolledBack: [], errors: [] };
  warn(context, whatStands(failed));
  return { outcome: 'incomplete', rolledBack: [], errors: [] };
}

function whatStands<Db>({ step }: FailedStep<Db>): string {
  const { file, version, id, direction } = step.info;
  const isScript = step.loaded[direction]?.kind !== 'code';
  const next =
    isScript || step.loaded.idempotent
      ? '`detent up` goes on where it stopped.'
      : `Look at what it did, then say what is so with \`detent resolve ${version ?? id} --as rolled_back\` or \`--as applied\`.`;
  return `Part of ${file} may stand: it ran without a transaction around all of it. ${next}`;
}
