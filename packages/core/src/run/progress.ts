import type { StepInfo } from '../events.ts';
import type { Statement } from '../ports/script.ts';
import type { StatementProgress } from '../ports/session.ts';
import type { RunContext } from './context.ts';

/** Tells the listeners how far a script is. `from`: how many of its `total` statements come before those that run. */
export function progressOf(
  { events, signal }: Pick<RunContext, 'events' | 'signal'>,
  step: StepInfo,
  from: number,
  total: number,
  next: Statement | null = null,
): StatementProgress {
  return {
    signal,
    next,
    done: (index, { rows }) => events.emit({ kind: 'statement-finished', step, done: from + index + 1, total, rows }),
    advanced: (phase, percent) => events.emit({ kind: 'statement-advanced', step, phase, percent }),
  };
}
