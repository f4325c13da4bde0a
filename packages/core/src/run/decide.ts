import type { HistoryRow } from '../ports/history.ts';

/** What is to be done about a step that a dead run left in the middle. */
export type Verdict =
  /** The statement of the intent did not run: it is run again. */
  | { readonly kind: 'again'; readonly why: string }
  /** It ran: go on after it. */
  | { readonly kind: 'next'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Decides from the row, and whether the schema is still as it was at the intent. Pure.
 * A schema that changed with the intent's statement shows that it ran; rows and code leave no such trace.
 */
export function decide({ intent }: Pick<HistoryRow, 'intent'>, isStill: boolean): Verdict {
  if (intent === null) return { kind: 'again', why: 'each step is recorded together with its work' };
  if (intent.idempotent) return { kind: 'again', why: 'the migration says that it is idempotent' };
  if (intent.kind === 'ddl') {
    return isStill
      ? { kind: 'again', why: 'the schema is as it was before the statement' }
      : { kind: 'next', why: 'the schema shows that the statement ran' };
  }
  return {
    kind: 'unknown',
    why:
      intent.kind === 'code'
        ? 'code without a transaction leaves no trace'
        : 'rows without a transaction leave no trace',
  };
}
