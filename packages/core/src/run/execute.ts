import type { BackupService } from '../backup/backup-service.ts';
import { restores, reverses } from '../config.ts';
import { asDetentError, type DetentError } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { Manifest } from '../ports/backup.ts';
import type { RunReport } from '../report.ts';
import type { MigrationResult } from '../result.ts';
import { changedAnything, RollbackService } from '../rollback/rollback-service.ts';
import type { Scan } from '../scan/scanner.ts';
import type { LoadedStep } from '../validate/pending.ts';
import { warn, type RunContext } from './context.ts';
import { runHook, runHookFiles } from './hooks.ts';
import { MigrationRunner, type RunOutcome } from './runner.ts';

/** A plan that was checked, with all that it runs. */
export interface CheckedRun<Db> {
  readonly scan: Scan;
  readonly plan: Plan;
  readonly steps: readonly LoadedStep<Db>[];
}

/** Phases 8 to 12 of the lifecycle: what happens once nothing speaks against it. */
export async function executeRun<Db>(
  context: RunContext<Db>,
  run: CheckedRun<Db>,
  backups: BackupService,
  report: RunReport,
): Promise<MigrationResult> {
  const { settings, session, versions, identity } = context;
  await versions.append(identity, 'run-started', null, run.plan.operation);
  const before = {
    fingerprint: reverses(settings.rollback) ? await session.fingerprint() : null,
    backup: await takeBackup(context, backups),
  };
  const own = settings.backup.mode === 'restore-only' ? null : before.backup;
  if (own !== null) report.backup(own, true);

  const { outcome, error } = await runSteps(context, run);
  report.ran(outcome);
  if (error === null) {
    await finish(context, run);
  } else {
    report.failed(error);
    if (error.code === 'LOCK_LOST' || error.code === 'CONNECTION') {
      const isHalfWay = settings.rollback === 'none' ? outcome.failed?.undone === false : changedAnything(outcome);
      return report.lost(isHalfWay);
    }
    report.rolledBack(await new RollbackService(backups).rollback(context, outcome, before));
    await recordEnd(context, 'run-failed');
  }
  if (own !== null && settings.backup.mode === 'full' && !settings.backup.keep && report.isClean) {
    report.backup(own, !(await isDeleted(context, backups, own)));
  }
  return report.finish([]);
}

/** What the run came to does not change because its backup is still there. */
async function isDeleted<Db>(context: RunContext<Db>, backups: BackupService, own: Manifest): Promise<boolean> {
  try {
    await backups.deleteBackup(own);
    return true;
  } catch (thrown) {
    const words = thrown instanceof Error ? thrown.message : String(thrown);
    warn(context, `The backup ${own.path} is not needed any more, and could not be deleted: ${words}`);
    return false;
  }
}

/** The backup that a failure would restore: made now, or made earlier and named in the settings. */
async function takeBackup<Db>(
  { settings, identity, signal }: RunContext<Db>,
  backups: BackupService,
): Promise<Manifest | null> {
  const { mode, from } = settings.backup;
  if (!restores(settings.rollback) || mode === 'manual') return null;
  if (mode === 'restore-only') return from === null ? null : backups.open(from);
  return backups.backup(identity.runId, null, signal);
}

/** The hooks that come before, and the steps. */
async function runSteps<Db>(
  context: RunContext<Db>,
  run: CheckedRun<Db>,
): Promise<{ outcome: RunOutcome<Db>; error: DetentError | null }> {
  const { session } = context;
  const { scan, plan, steps } = run;
  try {
    await runHook(context, 'beforeMigrate', (hook) => hook({ plan, db: session.db }));
    await runHookFiles(context, scan.hooks, 'beforeMigrate');
  } catch (thrown) {
    const error = asDetentError(thrown, 'HOOK_FAILED', (words) => words);
    return { outcome: { done: [], failed: null, takenBack: [] }, error };
  }
  const lastOrder = scan.history.entries.reduce((highest, { appliedOrder }) => Math.max(highest, appliedOrder), 0);
  const outcome = await new MigrationRunner<Db>(context, lastOrder + 1).execute(steps);
  return { outcome, error: outcome.failed?.error ?? null };
}

async function finish<Db>(context: RunContext<Db>, { scan, plan }: CheckedRun<Db>): Promise<void> {
  const { session } = context;
  await runHookFiles(context, scan.hooks, 'afterMigrate');
  await runHook(context, 'afterMigrate', (hook) => hook({ plan, db: session.db }));
  await recordEnd(context, 'run-finished');
}

/** With the schema as the run leaves it, which `verify` compares later. Trouble with it undoes nothing. */
async function recordEnd<Db>(context: RunContext<Db>, action: 'run-finished' | 'run-failed'): Promise<void> {
  const { session, versions, identity } = context;
  try {
    await versions.append(identity, action, null, JSON.stringify({ fingerprint: await session.fingerprint() }));
  } catch (thrown) {
    warn(context, `The end of the run could not be written into the ledger: ${String(thrown)}`);
  }
}
