import { DetentError, exitCodeOf, type MaintenanceResult, type MarkAs } from '@detent/core';
import type { Flags } from './arguments.ts';
import type { ExitCode, Invocation } from './io.ts';
import { withExecutor, type Session } from './session.ts';

/** Calls one operation that changes the history or the database, and draws what it changed. */
export function maintain(
  invocation: Invocation,
  work: (session: Session) => Promise<MaintenanceResult>,
): Promise<ExitCode> {
  return withExecutor(invocation, async (session) => {
    const result = await work(session);
    session.renderer.drawChanges(result);
    return exitCodeOf(result);
  });
}

/** What `mark` and `resolve` are told. Throws `USAGE` without --as: it is never guessed. */
export function stateOf({ values }: Flags): { readonly as: MarkAs; readonly reason?: string } {
  const as = values.get('as');
  const reason = values.get('reason');
  if (as !== 'applied' && as !== 'rolled_back')
    throw new DetentError('USAGE', 'It has to be said what is so.', { hint: 'Pass --as applied or --as rolled_back.' });
  return typeof reason === 'string' ? { as, reason } : { as };
}
