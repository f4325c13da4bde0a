import type { MigrationStatus, StatusWord } from '@detent/core';
import { checkCode } from '../check.ts';
import type { ExitCode, Invocation } from '../io.ts';
import { countOf } from '../numbers.ts';
import { withExecutor } from '../session.ts';

export function run(invocation: Invocation): Promise<ExitCode> {
  const count = countOf(invocation.flags, 'count');
  return withExecutor(invocation, async ({ executor, renderer }) => {
    const status = await executor.status();
    renderer.drawStatus(count === null ? status : { ...status, migrations: status.migrations.slice(-count) });
    return invocation.flags.values.has('check') ? checkCode(status.problems, status.migrations.some(isUnfinished)) : 0;
  });
}

/** Whether the next run has to do with it. */
function isUnfinished({ status }: MigrationStatus): boolean {
  return !SETTLED.has(status);
}

const SETTLED: ReadonlySet<StatusWord> = new Set(['applied', 'baseline', 'ignored', 'missing']);
