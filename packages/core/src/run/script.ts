import { DetentError } from '../errors.ts';
import { statementHash } from '../history/schema-version-service.ts';
import type { Statement } from '../ports/script.ts';
import type { HistoryRow, Intent } from '../ports/history.ts';
import { modeOf } from '../validate/pending.ts';
import { recordFinish, recordStart, inTransaction, type Attempt } from './attempt.ts';
import type { RunContext } from './context.ts';
import { cutSegments, isAtomic, type Segment } from './segments.ts';

/** Runs a script and records it: in one transaction where that is possible, otherwise statement by statement. */
export async function runScript<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
): Promise<null> {
  const { session, settings } = context;
  const { foreignKeys } = attempt.step.loaded;
  const mode = modeOf(attempt.step.loaded, settings);
  const whole: Segment = { kind: 'transaction', from: 0, to: statements.length };
  const runWhole = async (): Promise<void> => {
    await runStatements(context, attempt, statements, whole);
    attempt.row = { ...attempt.row, statementsDone: statements.length };
    await recordFinish(context, attempt, null);
  };
  const segments = cutSegments(statements, mode);
  if (mode === 'all') await runWhole();
  else if (isAtomic(segments, statements.length) && attempt.row.statementsDone === 0) {
    await session.transaction({ statements, foreignKeys }, runWhole);
  } else {
    await runSegments(context, attempt, statements, segments);
  }
  return null;
}

/** The history is told of the progress at each point where the process may die. */
async function runSegments<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segments: readonly Segment[],
): Promise<void> {
  await recordStart(context, attempt, attempt.row);
  for (const segment of segments) {
    const { statementsDone } = attempt.row;
    if (segment.to <= statementsDone) continue;
    const rest = { ...segment, from: Math.max(segment.from, statementsDone) };
    if (segment.kind === 'transaction') await runCovered(context, attempt, statements, rest);
    else await runAlone(context, attempt, statements, rest);
  }
  await inTransaction(context, () => recordFinish(context, attempt, null));
}

/** Work and progress in one transaction: neither is ever there without the other. */
async function runCovered<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segment: Segment,
): Promise<void> {
  const part = statements.slice(segment.from, segment.to);
  const next = progressed(attempt.row, part, segment);
  await context.session.transaction({ statements: part, foreignKeys: attempt.step.loaded.foreignKeys }, async () => {
    await runStatements(context, attempt, statements, segment);
    await context.versions.save(next);
  });
  attempt.row = next;
}

/** Intent first, progress after: what happens between the two can be told from the schema. */
async function runAlone<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segment: Segment,
): Promise<void> {
  const { versions, lease } = context;
  const part = statements.slice(segment.from, segment.to);
  const keep = async (row: HistoryRow): Promise<void> => {
    await versions.save(row);
    attempt.row = row;
  };
  await lease.assert();
  const before = attempt.row;
  const [statement] = part;
  if (statement === undefined) return;
  await keep({ ...before, intent: await intentOf(context, attempt, { statement, index: segment.from }) });
  try {
    await runStatements(context, attempt, statements, segment);
  } catch (thrown) {
    // The server answered that it refused, so there is nothing to doubt.
    if (thrown instanceof DetentError && thrown.code === 'STATEMENT_FAILED') await keep(before);
    throw thrown;
  }
  await keep(progressed(before, part, segment));
}

async function runStatements<Db>(
  context: RunContext<Db>,
  attempt: Attempt<Db>,
  statements: readonly Statement[],
  segment: Segment,
): Promise<void> {
  const { session, events, signal } = context;
  const { info } = attempt.step;
  signal.throwIfAborted();
  await session.execute(statements.slice(segment.from, segment.to), info.file, {
    signal,
    done: (index, { rows }) =>
      events.emit({
        kind: 'statement-finished',
        step: info,
        done: segment.from + index + 1,
        total: statements.length,
        rows,
      }),
  });
}

function progressed(row: HistoryRow, part: readonly Statement[], segment: Segment): HistoryRow {
  const hashes = part.map((statement) => statementHash(statement.text));
  return { ...row, intent: null, statementsDone: segment.to, statementHashes: [...row.statementHashes, ...hashes] };
}

/** What is about to happen, with the schema as it is before; `null` for code. */
export async function intentOf<Db>(
  context: RunContext<Db>,
  { step }: Attempt<Db>,
  about: { readonly statement: Statement; readonly index: number } | null,
): Promise<Intent> {
  const { info, loaded } = step;
  return {
    statement: about?.index ?? null,
    hash: about === null ? null : statementHash(about.statement.text),
    kind: about === null ? 'code' : about.statement.kind === 'data' ? 'data' : 'ddl',
    direction: info.direction,
    fingerprint: await context.session.fingerprint(),
    idempotent: loaded.idempotent,
  };
}
