import type { HistoryRow } from '../ports/history.ts';
import { warn } from '../run/context.ts';
import type { FailedStep } from '../run/runner.ts';
import type { FailedRun, RollbackReport } from './rollback-service.ts';

/** Undoes nothing, and says what stands. */
export async function rollBackByNone<Db>({ context, outcome }: FailedRun<Db>): Promise<RollbackReport> {
  const { done, failed } = outcome;
  for (const direction of ['down', 'up'] as const) {
    const files = done.filter(({ step }) => step.info.direction === direction).map(({ step }) => step.info.file);
    const what = direction === 'up' ? 'applied' : 'undone';
    if (files.length > 0)
      warn(
        context,
        `Before the failure ${files.join(', ')} ${files.length === 1 ? 'was' : 'were'} ${what}; that stays so.`,
      );
  }
  if (failed?.undone !== false) return { outcome: 'none-needed', rolledBack: [], errors: [] };
  const row = await context.versions.load(failed.step.info.id).catch(() => null);
  warn(context, whatStands(failed, row));
  return { outcome: 'incomplete', rolledBack: [], errors: [] };
}

function whatStands<Db>({ step }: FailedStep<Db>, row: HistoryRow | null): string {
  const { file, version, id, direction } = step.info;
  const kind = step.loaded[direction]?.kind ?? 'code';
  const isScript = kind !== 'code';
  if (isScript && row !== null && row.intent === null && row.statementsTotal !== null)
    return `${countOf(row, file, direction, kind === 'stages' ? 'stages' : 'statements')} Mend the next one; then ${GOES_ON}`;
  // Of a statement of which only a part took effect nobody can say what to do next.
  const goesOn = isScript ? (row?.intent?.kind ?? 'ddl') === 'ddl' : step.loaded.idempotent;
  const settle = `Look at what it did, then say what is so with \`detent resolve ${version ?? id} --as rolled_back\` or \`--as applied\`.`;
  return `Part of ${file} may stand: it ran without a transaction around all of it. ${goesOn ? GOES_ON : settle}`;
}

const GOES_ON = '`detent up` goes on where it stopped.';

function countOf(
  { statementsDone: done, statementsTotal: total }: HistoryRow,
  file: string,
  way: 'up' | 'down',
  what: 'statements' | 'stages',
): string {
  const verb = done === 1 ? 'is' : 'are';
  return way === 'up'
    ? `${done} of the ${total} ${what} of ${file} ${done === 1 ? 'stands' : 'stand'}.`
    : `${done} of the ${total} ${what} of the way back of ${file} ${verb} done.`;
}
