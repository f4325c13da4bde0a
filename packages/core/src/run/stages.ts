import { DetentError } from '../errors.ts';
import { statementHash } from '../history/schema-version-service.ts';
import type { MigrationStage } from '../migration.ts';
import type { HistoryRow, Intent } from '../ports/history.ts';
import { modeOf } from '../validate/pending.ts';
import { confirmLease, recordFinish, recordStart, inTransaction, type Attempt } from './attempt.ts';
import { call } from './code.ts';
import type { RunContext } from './context.ts';
import { intentOf } from './intent.ts';

/** Runs the stages and records each: all in one transaction where the database has that, otherwise each with its progress. */
export async function runStages<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  stages: readonly MigrationStage<Db>[],
): Promise<null> {
  const { session, settings } = context;
  const { foreignKeys } = attempt.step.loaded;
  const { transactions, transactionalDdl } = session.capabilities;
  const mode = modeOf(attempt.step.loaded, settings);
  const runWhole = async (): Promise<void> => {
    for (const index of stages.keys()) await runStage(context, attempt, stages, index, true);
    attempt.row = { ...attempt.row, statementsDone: stages.length };
    await recordFinish(context, attempt, null);
  };
  if (mode === 'all') await runWhole();
  else if (mode === 'each' && transactionalDdl && attempt.row.statementsDone === 0)
    await session.transaction({ statements: null, foreignKeys }, runWhole);
  else {
    for (let index = attempt.row.statementsDone; index < stages.length; index += 1) {
      const isCovered = transactions && (stages[index]?.kind === 'data' || (transactionalDdl && mode !== 'none'));
      await (isCovered && stages[index]?.kind !== 'batches' ? runCovered : runAlone)(context, attempt, stages, index);
    }
    await inTransaction(context, () => recordFinish(context, attempt, null));
  }
  return null;
}

/** Work and progress in one transaction: neither is ever there without the other. */
async function runCovered<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  stages: readonly MigrationStage<Db>[],
  index: number,
): Promise<void> {
  if (!attempt.isRecorded) await recordStart(context, attempt, attempt.row);
  const next = progressed(attempt.row, stages, index);
  await context.session.transaction({ statements: null, foreignKeys: attempt.step.loaded.foreignKeys }, async () => {
    await runStage(context, attempt, stages, index, true);
    await context.versions.save(next);
  });
  attempt.row = next;
}

/** Intent first, so that the next start knows where this one died. */
async function runAlone<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  stages: readonly MigrationStage<Db>[],
  index: number,
): Promise<void> {
  const { signal } = context;
  const stage = stages[index];
  if (stage === undefined) return;
  signal.throwIfAborted();
  await confirmLease(context);
  const intent = await intentAt(context, attempt, stage, index);
  await keep(context, attempt, { ...attempt.row, intent });
  try {
    await runStage(context, attempt, stages, index, false);
  } catch (thrown) {
    const left = await leftBy(context, thrown, intent);
    if (left === 'nothing') await keep(context, attempt, { ...attempt.row, intent: null });
    // What the next start finds is neither how it was nor, for certain, how it should be.
    if (left === 'a part') await keep(context, attempt, { ...attempt.row, intent: { ...intent, kind: 'unseen' } });
    throw thrown;
  }
  const next = progressed(attempt.row, stages, index);
  // The schema tells of it, or running it again does no harm: the progress goes with whatever is written next.
  if (intent.idempotent || intent.kind === 'ddl') attempt.row = next;
  else await keep(context, attempt, next);
}

/** What failed outside of a transaction may have done its work all the same. */
async function leftBy<Db>(
  { session, signal }: RunContext<Db>,
  thrown: unknown,
  { kind, idempotent, fingerprint }: Intent,
): Promise<'nothing' | 'a part' | 'in doubt'> {
  if (idempotent || (signal.aborted && thrown === signal.reason)) return 'nothing';
  if (!(thrown instanceof DetentError) || !REFUSALS.has(thrown.code) || kind !== 'ddl') return 'in doubt';
  const now = await session.fingerprint().catch(() => null);
  if (now === null) return 'in doubt';
  return now === fingerprint ? 'nothing' : 'a part';
}

const REFUSALS: ReadonlySet<string> = new Set(['SCRIPT_FAILED', 'STATEMENT_FAILED', 'LOCK_TIMEOUT', 'CONFIG']);

async function intentAt<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  { name, kind, idempotent = false }: MigrationStage<Db>,
  index: number,
): Promise<Intent> {
  const code = await intentOf(context, attempt, null);
  if (code === null) throw new DetentError('INTERNAL', 'Code has an intent.');
  const base: Intent = { ...code, statement: index, hash: statementHash(name) };
  switch (kind) {
    case 'schema': {
      const isIdempotent = idempotent || base.idempotent;
      const fingerprint = isIdempotent ? '' : await context.session.fingerprint();
      return { ...base, kind: 'ddl', fingerprint, idempotent: isIdempotent };
    }
    case 'data':
      return { ...base, kind: 'data', idempotent: idempotent || base.idempotent };
    case 'batches':
      return { ...base, kind: 'data', idempotent: true };
  }
}

async function runStage<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  stages: readonly MigrationStage<Db>[],
  index: number,
  covered: boolean,
): Promise<void> {
  const stage = stages[index];
  if (stage === undefined) return;
  await call(context, attempt, stage, covered);
  const total = stages.length;
  context.events.emit({ kind: 'statement-finished', step: attempt.step.info, done: index + 1, total, rows: null });
}

async function keep<Db>(context: RunContext<Db>, attempt: Attempt<Db>, row: HistoryRow): Promise<void> {
  if (!attempt.isRecorded) return recordStart(context, attempt, row);
  await context.versions.save(row);
  attempt.row = row;
}

function progressed<Db>(row: HistoryRow, stages: readonly MigrationStage<Db>[], index: number): HistoryRow {
  const hashes = [...row.statementHashes, statementHash(stages[index]?.name ?? '')];
  return { ...row, intent: null, statementsDone: index + 1, statementHashes: hashes };
}
