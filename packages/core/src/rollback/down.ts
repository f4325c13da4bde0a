import { asDetentError, DetentError } from '../errors.ts';
import type { RollbackDetail } from '../history/ledger-detail.ts';
import { statementHash } from '../history/schema-version-service.ts';
import type { HistoryRow } from '../ports/history.ts';
import { isUnended } from '../plan/status.ts';
import { inTransaction } from '../run/attempt.ts';
import { warn } from '../run/context.ts';
import type { LoadedStep } from '../validate/pending.ts';
import { infosOf, standingSteps } from './attempted.ts';
import { undoneBefore } from './matching.ts';
import type { FailedRun, RollbackReport } from './rollback-service.ts';

/** Runs the opposite direction of each step of which something stands, newest first. */
export async function rollBackByDown<Db>(run: FailedRun<Db>): Promise<RollbackReport> {
  const report = await reverse(run);
  const { context, outcome, fingerprint } = run;
  // What an earlier run had left of a migration went with the rest of it.
  const isComparable = standingSteps(outcome).every(({ entry }) => entry === null || !isUnended(entry));
  if (report.outcome !== 'complete' || fingerprint === null || !isComparable) return report;
  if ((await context.session.fingerprint()) !== fingerprint) {
    warn(
      context,
      'Every `down` succeeded, but the schema is not what it was before the run. Compare the `down` parts with their `up`.',
    );
  }
  return report;
}

/** Reversing stops at the first step that cannot be; the rest stands, and the next start goes on with it. */
export async function reverse<Db>(run: FailedRun<Db>): Promise<RollbackReport> {
  const { runner, outcome } = run;
  const standing = standingSteps(outcome);
  const reversed: LoadedStep<Db>[] = [];
  try {
    await markRollingBack(run, standing);
    for (const [index, step] of standing.entries()) {
      const back = await opposite(run, step);
      const result = await runner.executeOne(back, index, standing.length);
      if ('error' in result) throw downFailed(back, result.error);
      reversed.push(step);
    }
  } catch (thrown) {
    const error = asDetentError(thrown, 'DOWN_FAILED', (words) => `The way back failed: ${words}`);
    return { outcome: 'incomplete', rolledBack: infosOf(reversed), errors: [error] };
  }
  return { outcome: 'complete', rolledBack: infosOf(reversed), errors: [] };
}

/** In one transaction for all of them, so that a process that dies on the way back leaves the whole intention. */
async function markRollingBack<Db>(
  { context, outcome, backup, fingerprint }: FailedRun<Db>,
  steps: readonly LoadedStep<Db>[],
): Promise<void> {
  const { versions, identity, settings } = context;
  const detail: RollbackDetail = {
    strategy: settings.rollback,
    backup: backup?.path ?? null,
    fingerprint,
    content: null,
  };
  await inTransaction(context, async () => {
    await versions.append(identity, 'rollback-started', null, JSON.stringify(detail));
    for (const step of steps) {
      const row = step.info.direction === 'up' ? await versions.load(step.info.id) : null;
      if (row === null) continue;
      const hashes = step === outcome.failed?.step ? hashesToSkip(step, row) : [];
      await versions.save({
        ...row,
        state: 'rolling_back',
        statementsDone: hashes.length,
        statementHashes: hashes,
        cursors: {},
        intent: null,
      });
    }
  });
}

/** Of the statements at the beginning of `down` that would undo what the failed `up` did not come to. */
function hashesToSkip<Db>({ loaded: { up, down } }: LoadedStep<Db>, row: HistoryRow): string[] {
  if (up?.kind !== 'script' || down?.kind !== 'script' || row.intent !== null) return [];
  const count = undoneBefore(up.statements, row.statementsDone, down.statements) ?? 0;
  return down.statements.slice(0, count).map(({ text }) => statementHash(text));
}

async function opposite<Db>({ context }: FailedRun<Db>, step: LoadedStep<Db>): Promise<LoadedStep<Db>> {
  const direction = step.info.direction === 'up' ? 'down' : 'up';
  if (step.loaded[direction] === null) {
    throw new DetentError('DOWN_MISSING', `${step.info.file} has no \`${direction}\` to undo it with.`, {
      hint: 'Write one, then run any command that writes: it finishes the way back first.',
      facts: { place: { file: step.info.file } },
    });
  }
  return { ...step, info: { ...step.info, direction }, entry: await context.versions.load(step.info.id) };
}

function downFailed<Db>({ info }: LoadedStep<Db>, cause: DetentError): DetentError {
  return new DetentError('DOWN_FAILED', `${info.file} could not be undone: ${cause.message}`, {
    cause,
    hint: 'Mend its `down`, then run any command that writes: it finishes the way back first.',
    facts: cause.facts,
  });
}
