import { contentHash } from '../backup/manifest.ts';
import { DetentError, type ErrorFacts, type Problem } from '../errors.ts';
import { rollbackOf, type RollbackDetail } from '../history/ledger-detail.ts';
import { statementHash } from '../history/schema-version-service.ts';
import { downStep } from '../plan/down.ts';
import { unknownState } from '../plan/history-check.ts';
import type { HistoryRow, MigrationState } from '../ports/history.ts';
import type { Scan } from '../scan/scanner.ts';
import { loadMigration } from '../validate/load.ts';
import { loadSteps } from '../validate/pending.ts';
import { inTransaction } from './attempt.ts';
import { warn, type RunContext } from './context.ts';
import { decide } from './decide.ts';
import { isTraced } from './intent.ts';
import { MigrationRunner } from './runner.ts';

/** Restores a backup and writes the rows as rolled back; the rollback room's, handed in because it stands above this one. */
export type FinishRestore = (ids: readonly string[], path: string) => Promise<void>;

const UNFINISHED: ReadonlySet<MigrationState> = new Set(['running', 'failed', 'rolling_back', 'restoring']);

/** Whether a dead run left something, by what was found under the lock. */
export function isLeftOver({ history }: Scan): boolean {
  return history.entries.some(({ state }) => UNFINISHED.has(state));
}

/**
 * Finishes or classifies what a dead run left. Throws `UNKNOWN_STATE` when only a person can tell, after everything
 * that could be decided was; nothing else may run then.
 */
export async function recover<Db>(context: RunContext<Db>, scan: Scan, finishRestore: FinishRestore): Promise<void> {
  const rows = await unfinishedRows(context, scan);
  const restoring = rows.filter((row) => row.state === 'restoring');
  if (restoring.length > 0) return resumeRestore(context, restoring, finishRestore);
  const unknown: Problem[] = [];
  for (const row of rows) {
    const doubt = await settle(context, scan, row);
    if (doubt !== null) unknown.push(doubt);
  }
  const [first] = unknown;
  if (first !== undefined) throw first;
  const backwards = (await unfinishedRows(context, scan)).filter((row) => row.state === 'rolling_back');
  if (backwards.length > 0) await resumeRollback(context, scan, backwards);
}

async function unfinishedRows<Db>({ versions }: RunContext<Db>, scan: Scan): Promise<HistoryRow[]> {
  const rows: HistoryRow[] = [];
  for (const entry of scan.history.entries) {
    const row = UNFINISHED.has(entry.state) ? await versions.load(entry.id) : null;
    if (row !== null) rows.push(row);
  }
  return rows;
}

/** Decides about an intent and writes the decision down. Gives what is to be said where it is for a person. */
async function settle<Db>(context: RunContext<Db>, scan: Scan, row: HistoryRow): Promise<Problem | null> {
  const { session, versions, identity, events } = context;
  const { intent } = row;
  if (intent === null && row.state === 'failed') return null;
  const now = isTraced(intent) ? await session.fingerprint(intent.scope) : '';
  const verdict = decide(row, now);
  const next: HistoryRow = {
    ...row,
    token: identity.token,
    intent: null,
    ...(verdict.kind === 'unknown' ? { state: 'unknown' as const, intent } : {}),
    ...(verdict.kind === 'next'
      ? { statementsDone: row.statementsDone + 1, statementHashes: [...row.statementHashes, intent?.hash ?? ''] }
      : {}),
  };
  if (intent !== null) {
    await inTransaction(context, () => versions.record(identity, next, 'recovered', `${verdict.kind}: ${verdict.why}`));
  }
  events.emit({ kind: 'recovered', id: row.id, from: row.state, to: next.state, why: verdict.why });
  return verdict.kind === 'unknown' ? unknownStep(context, scan, row, { why: verdict.why, now }) : null;
}

/** Names the step that is in doubt, and how the schema was and is. */
async function unknownStep<Db>(
  context: RunContext<Db>,
  scan: Scan,
  row: HistoryRow,
  { why, now }: { readonly why: string; readonly now: string },
): Promise<Problem> {
  const { message, hint, facts } = unknownState(row);
  const doubt = await doubtIn(context, scan, row);
  const text =
    doubt.part === null ? `${message.replace(/\.$/, '')}: ${why}.` : `${message} It stopped in ${doubt.part}: ${why}.`;
  return new DetentError('UNKNOWN_STATE', text, {
    ...(hint === undefined ? {} : { hint }),
    facts: { ...facts, ...doubt.facts, before: row.intent?.fingerprint ?? null, now },
  });
}

/** The statement or stage in doubt, with its place where the file still has it; `null` for code that is one function. */
async function doubtIn<Db>(
  { settings }: RunContext<Db>,
  scan: Scan,
  { id, intent }: HistoryRow,
): Promise<{ readonly part: string | null; readonly facts: ErrorFacts }> {
  if (intent === null || intent.statement === null) return { part: null, facts: {} };
  const number = intent.statement + 1;
  const file = scan.files.find((each) => each.id === id);
  const loaded = file === undefined ? null : await loadMigration<Db>(file, settings).catch(() => null);
  const action = loaded?.[intent.direction];
  if (action?.kind === 'stages') {
    const name = action.stages[intent.statement]?.name ?? '';
    return { part: statementHash(name) === intent.hash ? `stage ${number}, "${name}"` : `stage ${number}`, facts: {} };
  }
  const statement = action?.kind === 'script' ? action.statements[intent.statement] : undefined;
  const isSame = statement !== undefined && statementHash(statement.text) === intent.hash;
  if (action?.kind !== 'script' || !isSame) return { part: `statement ${number}`, facts: {} };
  const { text, line, column } = statement;
  return { part: `statement ${number}`, facts: { place: { file: action.file, line, column }, statement: text } };
}

async function resumeRestore<Db>(
  context: RunContext<Db>,
  rows: readonly HistoryRow[],
  finishRestore: FinishRestore,
): Promise<void> {
  const { session, versions, events } = context;
  const [first] = rows;
  const detail = first === undefined ? null : rollbackOf(await versions.events(null), first.runId);
  if (detail === null || detail.backup === null)
    throw restoreByHand('The last run died while it restored a backup, and the ledger does not name it.', null);
  const content = contentHash(await session.backup.sums());
  if (content !== detail.content && content !== detail.restored) {
    throw restoreByHand('The last run died while it restored a backup, and others have written since.', detail.backup);
  }
  await finishRestore(
    rows.map((row) => row.id),
    detail.backup,
  );
  for (const row of rows)
    events.emit({
      kind: 'recovered',
      id: row.id,
      from: 'restoring',
      to: 'rolled_back',
      why: 'the restore was finished',
    });
}

function restoreByHand(message: string, backup: string | null): DetentError {
  return new DetentError('RESTORE_BLOCKED', message, {
    hint:
      backup === null
        ? 'Name it: `detent restore <path>`.'
        : `When that is acceptable, run \`detent restore ${backup}\`.`,
  });
}

/** Goes on downwards, newest first. */
async function resumeRollback<Db>(context: RunContext<Db>, scan: Scan, rows: readonly HistoryRow[]): Promise<void> {
  const { versions, session, settings, events, identity } = context;
  const newestFirst = rows.toSorted((a, b) => b.appliedOrder - a.appliedOrder);
  const detail = newestFirst[0] === undefined ? null : rollbackOf(await versions.events(null), newestFirst[0].runId);
  const steps = newestFirst.map((row) => downStep(scan, row, 'interrupted'));
  const plan = {
    kind: 'steps',
    operation: 'down',
    steps,
    migrated: [],
    ignored: [],
    missing: [],
    ahead: [],
    problems: [],
    warnings: [],
  } as const;
  const loaded = await loadSteps<Db>(plan, { settings, rowOf: (id) => versions.load(id), known: new WeakMap() });
  let failure: DetentError | null = loaded.problems[0] ?? null;
  if (failure === null) {
    const runner = new MigrationRunner<Db>({ ...context, settings: { ...settings, transaction: 'each' } }, 0);
    failure = (await runner.execute(loaded.steps)).failed?.error ?? null;
  }
  if (
    failure === null &&
    (detail?.fingerprint ?? null) !== null &&
    detail?.fingerprint !== (await session.fingerprint())
  ) {
    const message = 'The way back of the last run was finished, but the schema is not what it was before that run.';
    if (detail?.strategy === 'both')
      failure = new DetentError('ROLLBACK_DIFFERS', message, { hint: 'Compare the `down` parts with their `up`.' });
    else warn(context, message);
  }
  if (failure !== null) throw wayOut(failure, detail);
  await versions.append(identity, 'rollback-finished', null, null);
  for (const row of newestFirst)
    events.emit({
      kind: 'recovered',
      id: row.id,
      from: 'rolling_back',
      to: 'rolled_back',
      why: 'the way back was finished',
    });
}

/** Whether others wrote since the backup cannot be known any more, so a person decides about it. */
function wayOut(failure: DetentError, detail: RollbackDetail | null): DetentError {
  const backup = detail?.backup ?? null;
  if (backup === null) return failure;
  return new DetentError('RESTORE_BLOCKED', `The way back of the last run cannot be finished: ${failure.message}`, {
    cause: failure,
    hint: `Mend its \`down\` and run again, or run \`detent restore ${backup}\`, which loses what was written since.`,
    facts: failure.facts,
  });
}
