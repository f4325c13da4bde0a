import { BackupService } from '../backup/backup-service.ts';
import type { Plan } from '../plan/plan.ts';
import type { RunReport } from '../report.ts';
import type { MigrationResult } from '../result.ts';
import { rewriteHistory } from '../rollback/backup.ts';
import type { Scan } from '../scan/scanner.ts';
import { isStuck } from '../scan/selector.ts';
import type { Loader } from '../validate/pending.ts';
import { checkPlan } from './check.ts';
import { contextOf, ownerOf } from './context.ts';
import type { Environment } from './environment.ts';
import { executeRun } from './execute.ts';
import { takeLock } from './locking.ts';
import { isIdle, type Look } from './look.ts';
import { isLeftOver, recover } from './recovery.ts';

/**
 * Phases 3 to 7 of the lifecycle of every operation that runs migrations; the planner makes the difference between
 * them. Phases 1 and 2 came before, in `changeDatabase`; 8 to 12 are in `executeRun`.
 */
export async function runUnderLock<Db>(
  environment: Environment<Db>,
  { session, scanner, ...seen }: Look<Db>,
  planner: (scan: Scan) => Plan,
  report: RunReport,
  signal: AbortSignal,
): Promise<MigrationResult> {
  const { settings, events } = environment;
  const known: Loader<Db>['known'] = new WeakMap();
  let { scan, plan } = seen;
  // Checked before the lock too, so that nothing at all is written when something is wrong; but whoever has to wait for
  // another run does not load what that one is about to do.
  if (!isStuck(scan.history.entries) && (await session.lock.holder()) === null) {
    const { problems } = await checkPlan(environment, session, plan, known);
    if (problems.length > 0) return report.finish(problems);
  }
  // 3 lock
  const owner = ownerOf(settings, report.runId);
  const isDone = async (): Promise<boolean> => {
    scan = await scanner.rescan(scan);
    return isIdle(scan, planner(scan));
  };
  const lock = await takeLock({ lock: session.lock, owner, policy: settings.lock, events, signal, isDone });
  if (lock.kind === 'skipped') return report.skip(lock.holder);
  if (lock.kind === 'no-need') {
    report.planned(planner(scan));
    return report.finish([]);
  }
  await using lease = lock.lease;
  // 4 init, 5 recover
  const context = contextOf(environment, { session, owner, lease, signal, report });
  const backups = new BackupService(session, settings, events);
  await context.versions.init(signal);
  scan = await scanner.rescan(scan);
  const hasChanged = isLeftOver(scan);
  await recover(context, scan, async (ids, path) => {
    const manifest = await backups.open(path);
    await backups.restore(manifest, await rewriteHistory(context, ids, manifest));
  });
  // 6 scan and select, 7 validate
  if (lock.waited) scan = await scanner.scan();
  else if (hasChanged) scan = await scanner.rescan(scan);
  plan = planner(scan);
  report.planned(plan);
  const { loaded, problems } = await checkPlan(environment, session, plan, known);
  report.warn(loaded.warnings);
  if (problems.length > 0 || plan.kind === 'nothing') return report.finish(problems);
  events.emit({ kind: 'planned', plan });
  return await executeRun(context, { scan, plan, steps: loaded.steps }, backups, report);
}
