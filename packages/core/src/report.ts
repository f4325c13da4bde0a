import { randomBytes } from 'node:crypto';
import type { Settings } from './config.ts';
import { asDetentError, DetentError, ERROR_CODES, type Problem } from './errors.ts';
import type { Events, Operation, StepInfo } from './events.ts';
import type { Plan } from './plan/plan.ts';
import type { Manifest } from './ports/backup.ts';
import type { LockHolder } from './ports/lock.ts';
import type { MigrationResult, RollbackOutcome } from './result.ts';

/** One thing that a maintenance operation changed. */
export interface Change {
  readonly what: string;
  readonly detail: string;
}

/** What `baseline`, `mark`, `resolve`, `repair`, `backup` and `restore` came to. */
export interface MaintenanceResult extends Pick<
  MigrationResult,
  'success' | 'runId' | 'operation' | 'errors' | 'warnings' | 'durationMs' | 'rollback'
> {
  readonly changes: readonly Change[];
}

/** Gathers what happens in a run and gives the result of it. Emits the first and the last event. */
export class RunReport {
  readonly runId: string = randomBytes(6).toString('hex');
  readonly warnings: string[] = [];
  readonly #operation: Operation;
  readonly #settings: Settings;
  readonly #events: Events;
  readonly #startedAt: number = Date.now();
  readonly #errors: DetentError[] = [];
  #plan: Plan | null = null;
  #executed: MigrationResult['executed'] = [];
  #failed: MigrationResult['failed'];
  #rolledBack: readonly StepInfo[] = [];
  #rollback: RollbackOutcome = 'none-needed';
  #backup: MigrationResult['backup'];
  #skipped: LockHolder | undefined;

  constructor(operation: Operation, settings: Settings, events: Events) {
    this.#operation = operation;
    this.#settings = settings;
    this.#events = events;
  }

  /** Whether the database stands on a version, so that no backup is needed any more. */
  get isClean(): boolean {
    return this.#errors.length === 0 || this.#rollback === 'complete' || this.#rollback === 'none-needed';
  }

  start(): void {
    this.#events.emit({
      kind: 'run-started',
      runId: this.runId,
      operation: this.#operation,
      target: this.#settings.adapter.target,
    });
  }

  planned(plan: Plan): void {
    this.#plan = plan;
  }

  warn(messages: readonly string[]): void {
    for (const message of messages) {
      this.warnings.push(message);
      this.#events.emit({ kind: 'warning', message });
    }
  }

  backup({ path }: Manifest, kept: boolean): void {
    this.#backup = { path, kept };
  }

  ran(outcome: {
    readonly done: readonly { readonly executed: MigrationResult['executed'][number] }[];
    readonly failed: {
      readonly step: { readonly info: StepInfo };
      readonly error: DetentError;
      readonly undone: boolean;
    } | null;
  }): void {
    const { done, failed } = outcome;
    this.#executed = done.map(({ executed }) => executed);
    if (failed !== null) this.#failed = { ...failed.step.info, error: failed.error, undone: failed.undone };
  }

  failed(error: DetentError): void {
    this.#errors.push(error);
  }

  rolledBack(report: {
    readonly outcome: RollbackOutcome;
    readonly rolledBack: readonly StepInfo[];
    readonly errors: readonly DetentError[];
  }): void {
    this.#rollback = report.outcome;
    this.#rolledBack = report.rolledBack;
    this.#errors.push(...report.errors);
    const gone = new Set(report.rolledBack.map(({ id }) => id));
    this.#executed = this.#executed.filter(({ id }) => !gone.has(id));
  }

  /** The lock or the connection is gone: nothing more can be done from here. */
  lost(isHalfWay: boolean): MigrationResult {
    this.#rollback = isHalfWay ? 'incomplete' : 'none-needed';
    return this.finish([]);
  }

  skip(holder: LockHolder): MigrationResult {
    this.#skipped = holder;
    return this.finish([]);
  }

  /** `problems`: what refused the run before anything ran. */
  finish(problems: readonly Problem[]): MigrationResult {
    this.#errors.push(...problems);
    const plan = this.#plan;
    if (plan !== null) this.warnings.unshift(...plan.warnings);
    const result: MigrationResult = {
      success: this.#errors.length === 0,
      runId: this.runId,
      operation: this.#operation,
      executed: this.#executed,
      ...(this.#failed === undefined ? {} : { failed: this.#failed }),
      rolledBack: this.#rolledBack,
      migrated: plan?.migrated ?? [],
      ignored: plan?.ignored ?? [],
      ...(this.#skipped === undefined ? {} : { skipped: this.#skipped }),
      strategy: this.#settings.rollback,
      rollback: this.#rollback,
      ...(this.#backup === undefined ? {} : { backup: this.#backup }),
      errors: this.#errors,
      warnings: this.warnings,
      durationMs: Date.now() - this.#startedAt,
    };
    this.#events.emit({ kind: 'run-finished', result });
    return result;
  }

  /** Turns what was thrown into the result. Misuse is thrown on. */
  fail(thrown: unknown, signal: AbortSignal): MigrationResult {
    this.#errors.push(this.#errorOf(thrown, signal));
    return this.finish([]);
  }

  maintained(changes: readonly Change[]): MaintenanceResult {
    const { runId, warnings } = this;
    const errors = this.#errors;
    const durationMs = Date.now() - this.#startedAt;
    return {
      success: errors.length === 0,
      runId,
      operation: this.#operation,
      changes,
      errors,
      warnings,
      rollback: this.#rollback,
      durationMs,
    };
  }

  unmaintained(thrown: unknown, signal: AbortSignal): MaintenanceResult {
    this.#errors.push(this.#errorOf(thrown, signal));
    return this.maintained([]);
  }

  #errorOf(thrown: unknown, signal: AbortSignal): DetentError {
    if (signal.aborted && !(thrown instanceof DetentError))
      return new DetentError('CANCELLED', 'The run was stopped before it began.', { cause: thrown });
    const error = asDetentError(thrown, 'INTERNAL', (words) => `Something went wrong that should not have: ${words}`);
    if (ERROR_CODES[error.code] === ERROR_CODES.CONFIG) throw error;
    return error;
  }
}
