import { DetentError } from '../errors.ts';
import { finishRow, lineOf, startRow } from '../history/schema-version-service.ts';
import type { HistoryRow } from '../ports/history.ts';
import type { Statement } from '../ports/script.ts';
import { sizeOf, type Action } from '../validate/load.ts';
import type { TransactionScope } from '../ports/session.ts';
import { modeOf, type LoadedStep } from '../validate/pending.ts';
import type { RunContext } from './context.ts';
import { progressOf } from './progress.ts';
import { cutSegments, isAtomic } from './segments.ts';
import { WholeStep } from './whole.ts';

/** One try at one step. */
export interface Attempt<Db> {
  readonly step: LoadedStep<Db>;
  readonly action: Action<Db>;
  readonly startedAt: number;
  /** What runs behind its last statement with nothing in between; `null` where something does, or nothing follows. */
  readonly following: Statement | null;
  /** As it was in the history before this try; `null` when it was not there. */
  readonly previous: HistoryRow | null;
  /** As it was prepared: what holds again when the transaction is rolled back. */
  readonly begun: HistoryRow;
  /** As it is in the history, or as it will be when the transaction commits. */
  row: HistoryRow;
  /** The history says that it runs, so part of its work may stand. */
  isRecorded: boolean;
  /** `null` where it cannot go out whole. */
  readonly whole: WholeStep | null;
}

/** Prepares the row; writes nothing. `order`: its place in the order of application when it has none yet. */
export async function beginAttempt<Db>(
  context: RunContext<Db>,
  step: LoadedStep<Db>,
  order: number,
  following: Statement | null = null,
): Promise<Attempt<Db>> {
  const { entry, info, loaded } = step;
  const action = loaded[info.direction] ?? { kind: 'script', file: info.file, statements: [] };
  const previous = entry === null ? null : await context.versions.load(entry.id);
  return { ...attemptAt(context, step, action, previous, order), following };
}

function attemptAt<Db>(
  context: RunContext<Db>,
  step: LoadedStep<Db>,
  action: Action<Db>,
  previous: HistoryRow | null,
  order: number,
): Attempt<Db> {
  const isUp = step.info.direction === 'up';
  const row = isUp ? upRow(context, step, previous, order) : downRow(context, step, previous);
  const begun = { ...row, statementsTotal: sizeOf(action) };
  const startedAt = Date.now();
  return { step, action, startedAt, following: null, previous, begun, row: begun, isRecorded: false, whole: null };
}

/** The same for a script that runs for the first time and can go out whole; `null` for any other. Asks nobody. */
export function composeAttempt<Db>(context: RunContext<Db>, step: LoadedStep<Db>, order: number): Attempt<Db> | null {
  const { session, settings, identity } = context;
  const { file, entry, info, loaded } = step;
  const action = loaded[info.direction];
  const { lockMs, statementMs } = loaded.limits;
  if (session.compose === undefined || info.direction === 'down' || entry !== null || file === null) return null;
  if (action?.kind !== 'script' || modeOf(loaded, settings) !== 'each' || lockMs !== null || statementMs !== null)
    return null;
  const { statements } = action;
  if (!isAtomic(cutSegments(statements, 'each'), statements.length)) return null;
  const attempt = attemptAt(context, step, action, null, order);
  const row = finishRow({ ...attempt.begun, statementsDone: statements.length }, 'applied', null);
  const line = lineOf(identity, 'applied', row.id, null);
  const composed = session.compose({ file: info.file, statements, foreignKeys: loaded.foreignKeys, row, line });
  if (composed === null) return null;
  return { ...attempt, whole: new WholeStep(composed, progressOf(context, info, 0, statements.length)) };
}

/** With the time at which it does start. */
export function startNow<Db>(attempt: Attempt<Db>, following: Statement | null): Attempt<Db> {
  const startedAt = Date.now();
  const begun = { ...attempt.begun, startedAt };
  return { ...attempt, startedAt, following, begun, row: begun };
}

function upRow<Db>(
  context: RunContext<Db>,
  { file, info, loaded }: LoadedStep<Db>,
  previous: HistoryRow | null,
  order: number,
): HistoryRow {
  if (file === null) throw new DetentError('INTERNAL', `${info.file} has no file to run.`);
  const row = { ...startRow(file, context.identity, previous, order), downSource: loaded.downText };
  if (previous === null || !isInterrupted(previous, 'up')) return row;
  const { statementsDone, statementHashes, cursors } = previous;
  return { ...row, statementsDone, statementHashes, cursors };
}

function downRow<Db>(context: RunContext<Db>, { info }: LoadedStep<Db>, previous: HistoryRow | null): HistoryRow {
  if (previous === null) {
    throw new DetentError('HISTORY_DAMAGED', `The history has no row for ${info.file}.`, {
      hint: 'Run `detent verify`.',
    });
  }
  const { runId, username, token } = context.identity;
  const started = { ...previous, runId, username, token, startedAt: Date.now() };
  return isInterrupted(previous, 'down')
    ? started
    : { ...started, statementsDone: 0, statementHashes: [], cursors: {}, intent: null };
}

/** Whether the row tells how far an earlier try in this direction came. */
function isInterrupted(row: HistoryRow, direction: 'up' | 'down'): boolean {
  return direction === 'down' ? row.state === 'rolling_back' : row.state === 'running' || row.state === 'failed';
}

/** Writes that it runs, before a step of it that cannot be committed together with its record. */
export async function recordStart<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  row: HistoryRow,
  waits: Waits = {},
): Promise<void> {
  const isDown = attempt.step.info.direction === 'down';
  const started: HistoryRow = { ...row, state: isDown ? 'rolling_back' : 'running' };
  const action = isDown ? 'undo-started' : 'started';
  await inTransaction(context, () => context.versions.record(context.identity, started, action, null), waits);
  attempt.row = started;
  attempt.isRecorded = true;
}

/** Writes that it is done. In the transaction of the caller, where there is one. */
export function recordFinish<Db>(context: RunContext<Db>, attempt: Attempt<Db>, result: string | null): Promise<void> {
  const isDown = attempt.step.info.direction === 'down';
  const row = finishRow(attempt.row, isDown ? 'rolled_back' : 'applied', result);
  return context.versions.record(context.identity, row, isDown ? 'undone' : 'applied', null);
}

/** Before what is outside of a transaction. Where a transaction that writes the intent comes first, that does the same. */
export async function confirmLease<Db>({ session, lease }: Pick<RunContext<Db>, 'session' | 'lease'>): Promise<void> {
  if (session.capabilities.fencesTransactions !== true) await lease.assert();
}

/** A transaction for bookkeeping alone. */
export function inTransaction<Db>(
  { session }: Pick<RunContext<Db>, 'session'>,
  work: () => Promise<void>,
  waits: Waits = {},
): Promise<void> {
  return session.transaction({ statements: [], ...waits }, work);
}

export type Waits = Pick<TransactionScope, 'canWait' | 'next'>;
