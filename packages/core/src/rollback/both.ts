import { differences } from '../backup/manifest.ts';
import { DetentError } from '../errors.ts';
import { rollBackByBackup } from './backup.ts';
import { reverse } from './down.ts';
import { standingSteps } from './attempted.ts';
import type { FailedRun, RollbackReport } from './rollback-service.ts';

/** Goes back by `down`, and proves it; where there is none, or it fails, or leads elsewhere, restores the backup. */
export async function rollBackByBoth<Db>(run: FailedRun<Db>): Promise<RollbackReport> {
  const canReverse = standingSteps(run.outcome).every(
    ({ loaded, info }) => loaded[info.direction === 'up' ? 'down' : 'up'] !== null,
  );
  if (!canReverse) return rollBackByBackup(run);
  const reversed = await reverse(run);
  const doubts = reversed.outcome === 'complete' ? await proveUnchanged(run) : reversed.errors;
  if (doubts.length === 0) return reversed;
  const restored = await rollBackByBackup(run);
  return { ...restored, errors: [...doubts, ...restored.errors] };
}

/** The schema must be the one before the run; so must every row, unless others wrote meanwhile. */
async function proveUnchanged<Db>({ context, backup, fingerprint }: FailedRun<Db>): Promise<DetentError[]> {
  const { session } = context;
  if (fingerprint !== null && (await session.fingerprint()) !== fingerprint) {
    return [differs('Every `down` succeeded, but the schema is not what it was before the run.')];
  }
  if (backup === null || context.settings.backup.mode !== 'full' || (await session.backup.othersWrote(backup)))
    return [];
  const changed = differences(backup.objects, await session.backup.sums());
  return changed.length === 0
    ? []
    : [differs(`Every \`down\` succeeded, but rows are not what they were before the run, in ${changed.join(', ')}.`)];
}

function differs(message: string): DetentError {
  return new DetentError('ROLLBACK_DIFFERS', message, {
    hint: 'Compare its `down` with its `up`; the backup was used instead.',
  });
}
