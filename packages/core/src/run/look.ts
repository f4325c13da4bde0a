import type { Operation } from '../events.ts';
import type { Plan } from '../plan/plan.ts';
import type { MigrationSession } from '../ports/session.ts';
import { RunReport } from '../report.ts';
import type { MigrationResult } from '../result.ts';
import type { MigrationScanner, Scan } from '../scan/scanner.ts';
import { isStuck } from '../scan/selector.ts';
import type { Environment } from './environment.ts';

/** What a run sees before it takes the lock. */
export interface Look<Db> {
  readonly session: MigrationSession<Db>;
  readonly scanner: MigrationScanner;
  readonly scan: Scan;
  readonly plan: Plan;
}

/**
 * Phases 1 and 2 of the lifecycle: connects and looks. Nearly every start finds nothing to do, and so what comes after
 * is not even loaded before there is something. Throws only for misuse.
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
    const session = await connection.session('write', signal);
    const scanner = environment.scanner(session);
    const scan = await scanner.scan();
    const plan = planner(scan);
    report.planned(plan);
    if (isIdle(scan, plan)) return report.finish([]);
    const { runUnderLock } = await import('./lifecycle.ts');
    return await runUnderLock(environment, { session, scanner, scan, plan }, planner, report, signal);
  } catch (thrown) {
    return report.fail(thrown, signal);
  }
}

/** Nothing pending, nothing unfinished and nothing wrong. */
export function isIdle(scan: Scan, plan: Plan): boolean {
  return plan.kind === 'nothing' && !isStuck(scan.history.entries);
}
