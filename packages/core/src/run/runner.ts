import type { Settings } from '../config.ts';
import { asDetentError, DetentError } from '../errors.ts';
import type { StepInfo } from '../events.ts';
import { failRow } from '../history/schema-version-service.ts';
import type { Statement } from '../ports/script.ts';
import type { ExecutedMigration } from '../result.ts';
import { sizeOf, type Action } from '../validate/load.ts';
import type { LoadedStep } from '../validate/pending.ts';
import { beginAttempt, composeAttempt, inTransaction, startNow, type Attempt } from './attempt.ts';
import { runCode } from './code.ts';
import { warn, type RunContext } from './context.ts';
import { runHook } from './hooks.ts';
import { runScript } from './script.ts';
import { runStages } from './stages.ts';
import { isWork } from './work.ts';

export interface DoneStep<Db> {
  readonly step: LoadedStep<Db>;
  readonly executed: ExecutedMigration;
}

export interface FailedStep<Db> {
  readonly step: LoadedStep<Db>;
  readonly error: DetentError;
  /** Its transaction took back everything that it did. */
  readonly undone: boolean;
}

/** What became of the steps. Those that follow a failure did not begin. */
export interface RunOutcome<Db> {
  /** Succeeded and stands, oldest first. */
  readonly done: readonly DoneStep<Db>[];
  readonly failed: FailedStep<Db> | null;
  /** Succeeded, and was taken back with the transaction of the run. */
  readonly takenBack: readonly StepInfo[];
}

/** The one place where a migration runs, up or down. */
export class MigrationRunner<Db> {
  readonly #context: RunContext<Db>;
  #nextOrder: number;
  /** The next step, made ready while the one before it ran. */
  #ahead: Attempt<Db> | null = null;

  /** `nextOrder`: the first free place in the order of application. */
  constructor(context: RunContext<Db>, nextOrder: number) {
    this.#context = context;
    this.#nextOrder = nextOrder;
  }

  /** Runs the steps in order and stops at the first that fails. Never throws. */
  async execute(steps: readonly LoadedStep<Db>[]): Promise<RunOutcome<Db>> {
    const { settings, session } = this.#context;
    const outcome = await (settings.transaction === 'all' ? this.#executeTogether(steps) : this.#executeEach(steps));
    await session.reset().catch((thrown: unknown) => {
      warn(this.#context, `The session's settings could not be put back: ${wordsOf(thrown)}`);
    });
    return outcome;
  }

  /** Runs one step: begin, its work, its record, commit. Never throws. */
  async executeOne(
    step: LoadedStep<Db>,
    index: number,
    count: number,
    next: LoadedStep<Db> | null = null,
  ): Promise<DoneStep<Db> | FailedStep<Db>> {
    const { session, events, settings } = this.#context;
    const { info, loaded } = step;
    let attempt: Attempt<Db> | null = null;
    try {
      // Before a step and not after it: a step that is committed cannot fail any more.
      if (settings.transaction !== 'all' && this.#ahead?.whole?.isSent !== true) await session.reset();
      const following = followingOf(next, settings);
      attempt = this.#ready(step, following) ?? (await beginAttempt(this.#context, step, this.#nextOrder, following));
      if (attempt.row.appliedOrder === this.#nextOrder) this.#nextOrder += 1;
      const { action } = attempt;
      const statements = sizeOf(action);
      const done = statements === null ? 0 : attempt.row.statementsDone;
      events.emit({ kind: 'step-started', step: info, index, count, statements, done });
      await runHook(this.#context, 'beforeEach', (hook) => hook({ step: info, db: session.db }));
      if (loaded.limits.lockMs !== null || loaded.limits.statementMs !== null) await session.limit(loaded.limits);
      const running = runAction(this.#context, attempt, action);
      if (next !== null) this.#ahead = this.#compose(next);
      this.#ahead?.whole?.sendBehind();
      const result = await running;
      const executed = this.#executed(attempt, result);
      events.emit({ kind: 'step-finished', step: info, durationMs: executed.durationMs, result });
      await runHook(this.#context, 'afterEach', (hook) => hook({ step: info, db: session.db }));
      return { step, executed };
    } catch (thrown) {
      await this.#ahead?.whole?.drop();
      this.#ahead = null;
      const failed = this.#failure(step, attempt, thrown);
      if (settings.transaction !== 'all' && attempt !== null) await this.#recordFailure(attempt, failed);
      const { error, undone } = failed;
      events.emit({ kind: 'step-failed', step: info, error, undone, statement: statementOf(error, attempt) });
      return failed;
    }
  }

  /** The attempt at a step that goes out whole; `null` where it does not. */
  #ready(step: LoadedStep<Db>, following: Statement | null): Attempt<Db> | null {
    const ahead = this.#ahead;
    this.#ahead = null;
    const isThis = ahead?.step === step && ahead.begun.appliedOrder === this.#nextOrder;
    const attempt = isThis ? ahead : this.#compose(step);
    return attempt === null ? null : startNow(attempt, following);
  }

  /** `null` where anything may happen before it. */
  #compose(step: LoadedStep<Db>): Attempt<Db> | null {
    const { hooks } = this.#context.settings;
    if (hooks.beforeEach !== undefined || hooks.afterEach !== undefined) return null;
    try {
      return composeAttempt(this.#context, step, this.#nextOrder);
    } catch {
      // It goes the longer way, and meets there what is wrong with it.
      return null;
    }
  }

  async #executeEach(steps: readonly LoadedStep<Db>[]): Promise<RunOutcome<Db>> {
    const done: DoneStep<Db>[] = [];
    for (const [index, step] of steps.entries()) {
      const outcome = await this.executeOne(step, index, steps.length, steps[index + 1]);
      if ('error' in outcome) return { done, failed: outcome, takenBack: [] };
      done.push(outcome);
    }
    return { done, failed: null, takenBack: [] };
  }

  async #executeTogether(steps: readonly LoadedStep<Db>[]): Promise<RunOutcome<Db>> {
    const { session } = this.#context;
    let outcome: RunOutcome<Db> = { done: [], failed: null, takenBack: [] };
    try {
      await session.transaction({ statements: statementsOf(steps) }, async () => {
        outcome = await this.#executeEach(steps);
        if (outcome.failed !== null) throw outcome.failed.error;
      });
      return outcome;
    } catch (thrown) {
      const step = outcome.failed?.step ?? steps.at(-1);
      if (step === undefined) throw thrown;
      const failed = outcome.failed ?? this.#failure(step, null, thrown);
      const { done } = outcome;
      const attempt = await beginAttempt(this.#context, step, this.#nextOrder).catch(() => null);
      if (attempt !== null) await this.#recordFailure(attempt, failed);
      return failed.undone
        ? { done: [], failed, takenBack: done.map((item) => item.step.info).toReversed() }
        : { done, failed, takenBack: [] };
    }
  }

  #failure(step: LoadedStep<Db>, attempt: Attempt<Db> | null, thrown: unknown): FailedStep<Db> {
    const { signal } = this.#context;
    const { file } = step.info;
    const error =
      signal.aborted && thrown === signal.reason
        ? new DetentError('CANCELLED', `The run was stopped at ${file}.`, {
            hint: 'Run again to go on.',
            cause: thrown,
            facts: { place: { file } },
          })
        : asDetentError(thrown, 'SCRIPT_FAILED', (words) => `${file}: ${words}`);
    const mayStand = error.code === 'TRANSACTION_ENDED' || error.facts['commit'] === 'unknown';
    return { step, error, undone: !mayStand && (attempt === null || nothingStands(attempt)) };
  }

  /** Outside of what was rolled back. Trouble with it is a warning: the failure itself stays first. */
  async #recordFailure(attempt: Attempt<Db>, { error, undone }: FailedStep<Db>): Promise<void> {
    const { session, versions, identity } = this.#context;
    const { step, previous, begun, isRecorded } = attempt;
    // Progress that was rolled back with its transaction is none.
    const row = isRecorded ? attempt.row : begun;
    if (error.code === 'LOCK_LOST' || error.code === 'CONNECTION') return;
    const isDown = step.info.direction === 'down';
    try {
      await inTransaction(this.#context, async () => {
        if (!isDown) await versions.save(failRow(row, error));
        // A migration whose way back failed and was taken back is still applied.
        else if (undone && isRecorded && previous !== null) await versions.save({ ...previous, token: identity.token });
        await versions.append(identity, isDown ? 'undo-failed' : 'failed', row.id, `${error.code}: ${error.message}`);
      });
      await session.reset();
    } catch (thrown) {
      warn(this.#context, `The failure could not be written into the history: ${wordsOf(thrown)}`);
    }
  }

  #executed({ step, action, startedAt }: Attempt<Db>, result: string | null): ExecutedMigration {
    const finishedAt = Date.now();
    return {
      ...step.info,
      filepath: step.file?.filepath ?? step.info.file,
      timestamp: step.info.version,
      username: this.#context.identity.username,
      startedAt,
      finishedAt,
      durationMs: finishedAt - startedAt,
      result,
      checksum: step.file?.checksum ?? step.entry?.checksum ?? '',
      statements: sizeOf(action),
    };
  }
}

function runAction<Db>(context: RunContext<Db>, attempt: Attempt<Db>, action: Action<Db>): Promise<string | null> {
  switch (action.kind) {
    case 'script':
      return runScript(context, attempt, action.statements);
    case 'stages':
      return runStages(context, attempt, action.stages);
    case 'code':
      return runCode(context, attempt, action);
  }
}

/** The first statement of the next step; `null` where anything may happen before it. */
function followingOf<Db>(next: LoadedStep<Db> | null, { hooks, transaction }: Settings<Db>): Statement | null {
  if (next === null || transaction === 'all') return null;
  if (hooks.beforeEach !== undefined || hooks.afterEach !== undefined) return null;
  const action = next.loaded[next.info.direction];
  return action?.kind === 'script' ? (action.statements[0] ?? null) : null;
}

/** Its transaction took everything back, or nothing of it that changes schema or rows took effect. */
function nothingStands<Db>({ action, row, isRecorded }: Attempt<Db>): boolean {
  if (!isRecorded) return true;
  if (action.kind === 'code' || row.intent !== null) return false;
  if (action.kind === 'stages') return row.statementsDone === 0 && Object.keys(row.cursors).length === 0;
  return !action.statements.slice(0, row.statementsDone).some(isWork);
}

/** The last that begins where the error is, or before. */
function statementOf<Db>({ facts }: DetentError, attempt: Attempt<Db> | null): number | null {
  const { file, line = null, column = 1 } = facts.place ?? {};
  if (attempt?.action.kind !== 'script' || line === null || file !== attempt.action.file) return null;
  const isAhead = (other: Statement): boolean => other.line > line || (other.line === line && other.column > column);
  const { statements } = attempt.action;
  const next = statements.findIndex(isAhead);
  return next < 0 ? statements.length : next || null;
}

/** `null` as soon as one of them is code. */
function statementsOf<Db>(
  steps: readonly LoadedStep<Db>[],
): Parameters<RunContext<Db>['session']['transaction']>[0]['statements'] {
  const scripts = steps.map(({ loaded, info }) => loaded[info.direction]);
  return scripts.every((action) => action?.kind === 'script') ? scripts.flatMap((action) => action.statements) : null;
}

function wordsOf(thrown: unknown): string {
  return thrown instanceof Error ? thrown.message : String(thrown);
}
