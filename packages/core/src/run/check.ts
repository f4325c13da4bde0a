import { BackupService } from '../backup/backup-service.ts';
import type { Problem } from '../errors.ts';
import type { Plan } from '../plan/plan.ts';
import type { MigrationSession } from '../ports/session.ts';
import { loadSteps, type Loaded, type Loader } from '../validate/pending.ts';
import { apart, unguarded } from './alone.ts';
import type { Environment } from './environment.ts';

/** What would happen, and everything that speaks against it. */
export interface PlanReport<Db = unknown> {
  readonly plan: Plan;
  readonly loaded: Loaded<Db>;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

/** Phase 7: loads what the plan would run, and finds everything that speaks against it. */
export async function checkPlan<Db>(
  { settings, events }: Environment<Db>,
  session: MigrationSession<Db>,
  plan: Plan,
  known: Loader<Db>['known'],
): Promise<PlanReport<Db>> {
  const loaded = await loadSteps<Db>(plan, { settings, known, rowOf: (id) => session.history.load(id) });
  const backups = new BackupService(session, settings, events);
  const unfit = plan.steps.length === 0 ? [] : await backups.problems();
  return {
    plan,
    loaded,
    problems: [
      ...plan.problems,
      ...loaded.problems,
      ...unguarded(loaded.steps, settings, session.capabilities),
      ...apart(loaded.steps, settings, session.capabilities),
      ...unfit,
    ],
    warnings: [...plan.warnings, ...loaded.warnings],
  };
}
