import type { BackupService } from '../backup/backup-service.ts';
import type { RollbackStrategy } from '../config.ts';
import type { DetentError } from '../errors.ts';
import type { StepInfo } from '../events.ts';
import type { Manifest } from '../ports/backup.ts';
import type { RollbackOutcome } from '../result.ts';
import { warn, type RunContext } from '../run/context.ts';
import { MigrationRunner, type RunOutcome } from '../run/runner.ts';
import { rollBackByBackup } from './backup.ts';
import { rollBackByBoth } from './both.ts';
import { rollBackByDown } from './down.ts';
import { rollBackByNone } from './none.ts';

/** What a strategy knows of the run that failed. */
export interface FailedRun<Db> {
  readonly context: RunContext<Db>;
  readonly runner: MigrationRunner<Db>;
  readonly outcome: RunOutcome<Db>;
  readonly backups: BackupService;
  /** Made by this run, or named in the settings; `null` when there is none. */
  readonly backup: Manifest | null;
  /** Of the schema before the run; `null` when nobody asked for it. */
  readonly fingerprint: string | null;
}

export interface RollbackReport {
  readonly outcome: RollbackOutcome;
  /** Newest first. */
  readonly rolledBack: readonly StepInfo[];
  /** What went wrong on the way back; never the first error. */
  readonly errors: readonly DetentError[];
}

type Strategy = <Db>(run: FailedRun<Db>) => Promise<RollbackReport>;

const STRATEGIES: Readonly<Record<RollbackStrategy, Strategy>> = {
  none: rollBackByNone,
  down: rollBackByDown,
  backup: rollBackByBackup,
  both: rollBackByBoth,
};

/** The one place where a strategy is chosen and carried out. */
export class RollbackService {
  readonly #backups: BackupService;

  constructor(backups: BackupService) {
    this.#backups = backups;
  }

  /** Undoes what transactions did not. Never throws; what goes wrong is in the report. */
  async rollback<Db>(
    context: RunContext<Db>,
    outcome: RunOutcome<Db>,
    before: { readonly backup: Manifest | null; readonly fingerprint: string | null },
  ): Promise<RollbackReport> {
    const { settings, events } = context;
    const strategy = settings.rollback;
    if (!changedAnything(outcome)) return { outcome: 'none-needed', rolledBack: outcome.takenBack, errors: [] };
    events.emit({ kind: 'rollback-started', strategy });
    // On the way back nobody may stop it, and each migration is by itself again.
    const backwards = {
      ...context,
      settings: { ...settings, transaction: 'each' as const },
      signal: new AbortController().signal,
    };
    const runner = new MigrationRunner<Db>(backwards, 0);
    const report = await STRATEGIES[strategy]({
      context: backwards,
      runner,
      outcome,
      backups: this.#backups,
      ...before,
    });
    if (report.outcome === 'complete') await this.#recordEnd(context);
    if (report.outcome !== 'none-needed') events.emit({ kind: 'rollback-finished', outcome: report.outcome });
    return report;
  }

  /** Trouble with it is a warning: what was rolled back stays so. */
  async #recordEnd<Db>(context: RunContext<Db>): Promise<void> {
    const { versions, identity } = context;
    await versions.append(identity, 'rollback-finished', null, null).catch((thrown: unknown) => {
      warn(context, `The end of the rollback could not be written into the ledger: ${String(thrown)}`);
    });
  }
}

/** Whether anything of the run stands. */
export function changedAnything<Db>({ done, failed }: RunOutcome<Db>): boolean {
  return done.length > 0 || failed?.undone === false;
}
