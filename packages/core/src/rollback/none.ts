import { warn } from '../run/context.ts';
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
  const { file } = failed.step.info;
  warn(
    context,
    `Part of ${file} stands: it ran without a transaction around all of it. \`detent up\` goes on where it stopped.`,
  );
  return { outcome: 'incomplete', rolledBack: [], errors: [] };
}
