import { BackupService } from '../backup/backup-service.ts';
import { DetentError, type Problem } from '../errors.ts';
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
      ...(await appliedElsewhere(plan, session)),
      ...unfit,
    ],
    warnings: [...plan.warnings, ...loaded.warnings],
  };
}

/** The first run would do again what another tool has applied, by its own history. */
async function appliedElsewhere<Db>(
  { operation, migrated, steps }: Plan,
  session: MigrationSession<Db>,
): Promise<readonly Problem[]> {
  if (operation !== 'migrate' || migrated.length > 0 || steps.length === 0) return [];
  const foreign = await session.foreignHistory();
  const pending = new Set(steps.map(({ info }) => info.file.slice(info.file.lastIndexOf('/') + 1)));
  const again = foreign?.applied.filter(({ file }) => pending.has(file)) ?? [];
  const [first] = again;
  if (foreign === null || first === undefined) return [];
  return [
    new DetentError(
      'BASELINE',
      `By ${foreign.name}, ${again.length} of these migrations ${again.length === 1 ? 'is' : 'are'} applied, and would run again.`,
      {
        hint: 'Take that history over with `detent baseline`; or remove from it what is not so.',
        facts: { place: { file: first.file } },
      },
    ),
  ];
}
