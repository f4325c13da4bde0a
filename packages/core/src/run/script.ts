import { DetentError } from '../errors.ts';
import { statementHash } from '../history/schema-version-service.ts';
import type { Statement } from '../ports/script.ts';
import type { HistoryRow, Intent } from '../ports/history.ts';
import { modeOf } from '../validate/pending.ts';
import { confirmLease, recordFinish, recordStart, inTransaction, type Attempt, type Waits } from './attempt.ts';
import type { RunContext } from './context.ts';
import { intentOf, isTraced } from './intent.ts';
import { progressOf } from './progress.ts';
import { cutSegments, isAtomic, type Segment } from './segments.ts';

/** Runs a script and records it: in one transaction where that is possible, otherwise statement by statement. */
export async function runScript<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
): Promise<null> {
  const { session, settings } = context;
  const whole: Segment = { kind: 'transaction', from: 0, to: statements.length };
  if (attempt.whole !== null && (await attempt.whole.run())) return null;
  const { foreignKeys } = attempt.step.loaded;
  const mode = modeOf(attempt.step.loaded, settings);
  const runWhole = async (): Promise<void> => {
    await runStatements(context, attempt, statements, whole);
    attempt.row = { ...attempt.row, statementsDone: statements.length };
    await recordFinish(context, attempt, null);
  };
  const segments = cutSegments(statements, mode);
  if (mode === 'all') {
    await expectCovered(context, attempt, statements);
    await runWhole();
  } else if (
    isAtomic(segments, statements.length) &&
    attempt.row.statementsDone === 0 &&
    (await session.covered(statements)) === statements.length
  ) {
    await session.transaction({ statements, foreignKeys, atOnce: true, next: attempt.following }, runWhole);
  } else {
    await runSegments(context, attempt, statements, segments);
  }
  return null;
}

/** In the one transaction of a run there is no place for what it would not take back. */
async function expectCovered<Db>(
  { session }: RunContext<Db>,
  { step }: Attempt<Db>,
  statements: readonly Statement[],
): Promise<void> {
  const first = statements[await session.covered(statements)];
  if (first === undefined) return;
  const { file } = step.info;
  throw new DetentError('TRANSACTION_UNFIT', `No transaction takes back what ${file}:${first.line} does.`, {
    hint: "Run without `transaction: 'all'`, or let the table have an engine with transactions.",
    facts: { place: { file, line: first.line, column: first.column }, statement: first.text },
  });
}

/** The history is told of the progress at each point where the process may die. */
async function runSegments<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segments: readonly Segment[],
): Promise<void> {
  await makeSettingsAgain(context, attempt, statements);
  for (const segment of segments) {
    const { statementsDone } = attempt.row;
    if (segment.to <= statementsDone) continue;
    const rest = { ...segment, from: Math.max(segment.from, statementsDone) };
    if (segment.kind === 'alone') await runAlone(context, attempt, statements, rest);
    else if (await runTogether(context, attempt, statements, rest)) return;
  }
  await inTransaction(context, () => recordFinish(context, attempt, null), { canWait: attempt.following !== null });
}

/** What the statements that are done had set is gone with the connection in which they ran. */
async function makeSettingsAgain<Db>(
  { session, signal }: RunContext<Db>,
  { row, step }: Attempt<Db>,
  statements: readonly Statement[],
): Promise<void> {
  const settings = statements.slice(0, row.statementsDone).filter(({ leaves }) => leaves?.kind === 'setting');
  if (settings.length > 0) await session.execute(settings, step.info.file, { signal, done: () => undefined });
}

/** In transactions, but for what none takes back. Gives whether that was the end, and is recorded. */
async function runTogether<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segment: Segment,
): Promise<boolean> {
  for (let { from } = segment; from < segment.to;) {
    const count = await context.session.covered(statements.slice(from, segment.to));
    const to = Math.min(from + Math.max(count, 1), segment.to);
    if (count === 0) await runAlone(context, attempt, statements, { kind: 'alone', from, to });
    else if (await runCovered(context, attempt, statements, { kind: 'transaction', from, to })) return true;
    from = to;
  }
  return false;
}

/** Work and progress in one transaction: neither is ever there without the other. Gives whether that was the end. */
async function runCovered<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segment: Segment,
): Promise<boolean> {
  if (!attempt.isRecorded) await recordStart(context, attempt, attempt.row);
  const part = statements.slice(segment.from, segment.to);
  const next = progressed(attempt.row, part, segment);
  const isLast = segment.to === statements.length;
  const { foreignKeys } = attempt.step.loaded;
  const following = followingOf(attempt, statements, segment);
  await context.session.transaction({ statements: part, foreignKeys, next: following }, async () => {
    await runStatements(context, attempt, statements, segment);
    await (isLast ? recordFinish(context, { ...attempt, row: next }, null) : context.versions.save(next));
  });
  attempt.row = next;
  return isLast;
}

/**
 * Intent first; what happens then can be told from the schema. So the progress goes into the history with whatever is
 * written next, unless the schema shows nothing.
 */
async function runAlone<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segment: Segment,
): Promise<void> {
  const part = statements.slice(segment.from, segment.to);
  const [statement] = part;
  if (statement === undefined) return;
  const { signal, lease, session } = context;
  signal.throwIfAborted();
  await confirmLease(context);
  const intent = await intentOf(context, attempt, { statement, index: segment.from });
  const isCovered = intent?.kind === 'data' && isTraced(intent);
  if (intent !== null) await keep(context, attempt, { ...attempt.row, intent }, { canWait: !isCovered });
  else if (session.capabilities.fencesTransactions === true) await lease.assert();
  const next = progressed(attempt.row, part, segment);
  const run = (): Promise<void> => runStatements(context, attempt, statements, segment);
  try {
    if (isCovered) await runWithRecord(context, attempt, part, next, run);
    else await run();
  } catch (thrown) {
    const left = intent === null ? 'in doubt' : await leftBy(context, thrown, intent);
    if (left === 'nothing') await keep(context, attempt, { ...attempt.row, intent: null });
    // What the next start finds of the schema is neither how it was nor how it should be.
    if (left === 'a part' && intent?.kind === 'ddl')
      await keep(context, attempt, { ...attempt.row, intent: { ...intent, kind: 'unseen' } });
    throw thrown;
  }
  if (intent !== null && !intent.idempotent && intent.kind === 'unseen') await keep(context, attempt, next);
  else if (intent?.kind === 'data' && !isCovered) await keep(context, attempt, next);
  else attempt.row = next;
}

/** What of it a transaction takes back goes with the record; the trace tells of the rest. */
async function runWithRecord<Db>(
  { session, versions }: RunContext<Db>,
  { step }: Attempt<Db>,
  statements: readonly Statement[],
  next: HistoryRow,
  run: () => Promise<void>,
): Promise<void> {
  await session.transaction({ statements, foreignKeys: step.loaded.foreignKeys }, async () => {
    await run();
    await versions.save(next);
  });
}

async function keep<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  row: HistoryRow,
  waits: Waits = {},
): Promise<void> {
  if (!attempt.isRecorded) return recordStart(context, attempt, row, waits);
  await inTransaction(context, () => context.versions.save(row), waits);
  attempt.row = row;
}

/** A server that refuses a statement has mostly done nothing of it; some have dropped one table of two by then. */
async function leftBy<Db>(
  { session, signal }: RunContext<Db>,
  thrown: unknown,
  intent: Intent,
): Promise<'nothing' | 'a part' | 'in doubt'> {
  // It was told to stop before the statement went out.
  if (signal.aborted && thrown === signal.reason) return 'nothing';
  if (!(thrown instanceof DetentError) || !REFUSALS.has(thrown.code)) return 'in doubt';
  if (intent.idempotent || intent.kind === 'unseen') return 'nothing';
  if (!isTraced(intent)) return 'in doubt';
  const now = await session.fingerprint(intent.scope).catch(() => null);
  if (now === null) return 'in doubt';
  return now === intent.fingerprint ? 'nothing' : 'a part';
}

const REFUSALS: ReadonlySet<string> = new Set(['STATEMENT_FAILED', 'LOCK_TIMEOUT']);

async function runStatements<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segment: Segment,
): Promise<void> {
  const { session, signal } = context;
  signal.throwIfAborted();
  const { info } = attempt.step;
  const next = followingOf(attempt, statements, segment);
  const progress = progressOf(context, info, segment.from, statements.length, next);
  await session.execute(statements.slice(segment.from, segment.to), info.file, progress);
}

/** What runs behind the segment. */
function followingOf<Db>(
  { following }: Attempt<Db>,
  statements: readonly Statement[],
  { to }: Segment,
): Statement | null {
  return to < statements.length ? (statements[to] ?? null) : following;
}

function progressed(row: HistoryRow, part: readonly Statement[], segment: Segment): HistoryRow {
  const hashes = part.map((statement) => statementHash(statement.text));
  return { ...row, intent: null, statementsDone: segment.to, statementHashes: [...row.statementHashes, ...hashes] };
}
