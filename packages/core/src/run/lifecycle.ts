import type { Operation } from '../events.ts';
import type { Plan } from '../plan/plan.ts';
import { RunReport } from '../report.ts';
import type { MigrationResult } from '../result.ts';
import { rewriteHistory } from '../rollback/backup.ts';
import type { Scan } from '../scan/scanner.ts';
import type { Loader } from '../validate/pending.ts';
import type { Environment } from './environment.ts';
import { executeRun } from './execute.ts';
import { takeLock } from './locking.ts';
import { isStuck, recover } from './recovery.ts';

/**
 * The lifecycle of every operation that runs migrations; the planner makes the difference between them.
 * Phases 1 to 7 are here, 8 to 12 in `executeRun`. Throws only for misuse.
 */
export async function changeDatabase<Db>(
  environment: Environment<Db>,
  operation: Operation,
  planner: (scan: Scan) => Plan,
  signal: AbortSignal,
): Promise<MigrationResult> {
  const { settings, events, connection } = environment;
  const report = new RunReport(operation, settings, events);
  try {
    report.start();
    // 1 connect, 2 look
    const session = await connection.session('write');
    const scanner = await environment.scanner(session);
    const known: Loader<Db>['known'] = new WeakMap();
    let scan = await scanner.scan();
    let plan = planner(scan);
    report.planned(plan);
    if (!isStuck(scan)) {
      if (plan.kind === 'nothing') return report.finish([]);
      // Checked before the lock too, so that nothing at all is written when something is wrong.
      const { problems } = await environment.check(session, plan, known);
      if (problems.length > 0) return report.finish(problems);
    }
    // 3 lock
    const owner = environment.owner(report.runId);
    const isDone = async (): Promise<boolean> => {
      scan = await scanner.rescan(scan);
      return !isStuck(scan) && planner(scan).kind === 'nothing';
    };
    const lock = await takeLock({ lock: session.lock, owner, policy: settings.lock, events, signal, isDone });
    if (lock.kind === 'skipped') return report.skip(lock.holder);
    if (lock.kind === 'no-need') {
      report.planned(planner(scan));
      return report.finish([]);
    }
    await using lease = lock.lease;
    // 4 init, 5 recover
    const context = environment.context(session, owner, lease, signal, report);
    const backups = environment.backups(session);
    await context.versions.init();
    await recover(context, await scanner.rescan(scan), async (ids, path) => {
      const manifest = await backups.open(path);
      await backups.restore(manifest, await rewriteHistory(context, ids, manifest));
    });
    // 6 scan and select, 7 validate
    scan = lock.waited ? await scanner.scan() : await scanner.rescan(scan);
    plan = planner(scan);
    report.planned(plan);
    const { loaded, problems } = await environment.check(session, plan, known);
    report.warn(loaded.warnings);
    if (problems.length > 0 || plan.kind === 'nothing') return report.finish(problems);
    events.emit({ kind: 'planned', plan });
    return await executeRun(context, { scan, plan, steps: loaded.steps }, backups, report);
  } catch (thrown) {
    return report.fail(thrown, signal);
  }
}
