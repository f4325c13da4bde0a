import { DetentError } from '../errors.ts';
import type { Operation } from '../events.ts';
import type { MigrationSession } from '../ports/session.ts';
import { RunReport, type Change, type MaintenanceResult } from '../report.ts';
import type { Scan } from '../scan/scanner.ts';
import { contextOf, ownerOf, type RunContext } from './context.ts';
import type { Environment } from './environment.ts';
import { takeLock } from './locking.ts';

/** One thing to do for the upkeep of a history. */
export interface Upkeep<Db> {
  readonly operation: Operation;
  /** Throws what speaks against it. Asked before the lock, so that a refusal writes nothing at all. */
  readonly check: (session: MigrationSession<Db>, scan: Scan) => Promise<void>;
  readonly work: (context: RunContext<Db>, scan: Scan) => Promise<readonly Change[]>;
}

/** Does bookkeeping under the lock that runs take. Throws only for misuse. */
export async function maintain<Db>(
  environment: Environment<Db>,
  { operation, check, work }: Upkeep<Db>,
  signal: AbortSignal,
): Promise<MaintenanceResult> {
  const { settings, events, connection } = environment;
  const report = new RunReport(operation, settings, events);
  try {
    report.start();
    const session = await connection.session('write', signal);
    const scanner = environment.scanner(session);
    await check(session, await scanner.scan());
    const owner = ownerOf(settings, report.runId);
    // To skip what somebody asked for by name would be to lie about it.
    const onHeld = settings.lock.onHeld === 'skip' ? 'fail' : settings.lock.onHeld;
    const policy = { ...settings.lock, onHeld };
    const lock = await takeLock({ lock: session.lock, owner, policy, events, signal, isDone: async () => false });
    if (lock.kind !== 'acquired') throw new DetentError('INTERNAL', 'The lock was not taken.');
    await using lease = lock.lease;
    const context = contextOf(environment, { session, owner, lease, signal, report });
    await context.versions.init(signal);
    return report.maintained(await work(context, await scanner.scan()));
  } catch (thrown) {
    return report.unmaintained(thrown, signal);
  }
}
