import { DetentError, ERROR_CODES, exitCodeOf, type MigrationResult } from '@detent/core';
import { counted } from '@detent/core/render';
import { EMPTY, type Report } from './report.ts';
import { rowsOf, standing, type Workplace } from './run.ts';

/** Up, all the way down, and up again on an empty database; the schema must be the same each time it should be. */
export async function check({ executor, renderer }: Workplace, signal: AbortSignal): Promise<Report> {
  const done = async (result: MigrationResult, more: Partial<Report> = {}): Promise<Report> => {
    const [first] = [...result.errors, ...(more.errors ?? [])];
    const code = result.success ? (first === undefined ? 0 : ERROR_CODES[first.code]) : exitCodeOf(result);
    return {
      ...EMPTY,
      ...standing(await executor.status().catch(() => null)),
      command: 'check',
      target: executor.settings.adapter.target,
      status: code === 0 ? 'ok' : 'failed',
      exitCode: code,
      applied: result.executed.filter(({ direction }) => direction === 'up').length,
      rows: rowsOf(result),
      errors: result.errors,
      warnings: result.warnings,
      ...more,
    };
  };
  const fingerprint = async (): Promise<string> => (await executor.verify()).fingerprint;

  const { version } = await executor.status();
  if (version !== null) {
    throw new DetentError('CONFIG', 'The scratch database is not empty: it has a history of migrations.', {
      hint: 'Give check a database of its own.',
    });
  }
  const empty = await fingerprint();
  const up = await executor.migrate({ signal });
  renderer.drawExecuted(up);
  if (!up.success) return done(up);
  const applied = counted(up.executed.length, 'migration');
  const full = await fingerprint();

  const way = await executor.planDown({ to: '0' });
  if (way.problems.length > 0) {
    const notes = [`${applied} applied on an empty database. The way back was not tried.`];
    return done(up, { notes, warnings: [...up.warnings, ...way.problems.map(({ message }) => message)] });
  }
  const down = await executor.down({ to: '0', signal });
  renderer.drawExecuted(down);
  const reverted = down.executed.length;
  if (!down.success) return done(down, { applied: up.executed.length, reverted });
  const left = await fingerprint();
  const again = await executor.migrate({ signal });
  renderer.drawExecuted(again);
  if (!again.success) return done(again, { reverted });

  const differs = [
    ...(left === empty ? [] : ['The way back leaves another schema than there was before the first migration.']),
    ...((await fingerprint()) === full ? [] : ['Up, down and up again does not give the schema of the first time.']),
  ];
  for (const sentence of differs) renderer.drawError(differing(sentence));
  const notes = [`${applied} applied on an empty database, undone, and applied again.`];
  return done(up, { reverted, notes, errors: differs.map(differing) });
}

function differing(sentence: string): DetentError {
  return new DetentError('DRIFT', sentence, { hint: 'Compare each `down` with its `up`.' });
}
