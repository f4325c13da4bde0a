import { warn } from '../run/context.ts';
import type { FailedStep } from '../run/runner.ts';
import type { FailedRun, RollbackReport } from './rollback-service.ts';

/** Undoes nothing, and says what stands. */
export async function rollBackByNone<Db>({ context, outcome }: FailedRun<Db>): Promise<RollbackReport> {
  const { done, failed } = outcome;
  if (done.length > 0) {
    warn(
      context,
      `${done.map(({ step }) => step.info.file).join(', ')} succeeded before the failure and stay${done.length === 1 ? 's' : ''}.`,
    );
  }
  if (failed?.undone !== false) return { outcome: 'none-needed', rolledBack: [], errors: [] };
  warn(context, whatStands(failed));
  return { outcome: 'incomplete', rolledBack: [], errors: [] };
}

function whatStands<Db>({ step }: FailedStep<Db>): string {
  const { file, version, id, direction } = step.info;
  const isScript = step.loaded[direction]?.kind === 'script';
  const next =
    isScript || step.loaded.idempotent
      ? '`detent up` goes on where it stopped.'
      : `Look at what it did, then say what is so with \`detent resolve ${version ?? id} --as rolled_back\` or \`--as applied\`.`;
  return `Part of ${file} may stand: it ran without a transaction around all of it. ${next}`;
}
