import type { HistoryRow } from '../ports/history.ts';

/** What is to be done about a step that a dead run left in the middle. */
export type Verdict =
  /** The statement of the intent did not run: it is run again. */
  | { readonly kind: 'again'; readonly why: string }
  /** It ran: go on after it. */
  | { readonly kind: 'next'; readonly why: string }
  | { readonly kind: 'unknown'; readonly why: string };

/**
 * Decides from the row and the schema as it is now, as far as the intent's scope goes. Pure.
 * A schema that changed with the intent's statement shows that it ran. Rows that are as they were show that it did not;
 * rows that changed may have been changed in part, or by others. Code leaves no trace.
 */
export function decide({ intent, cursors }: Pick<HistoryRow, 'intent' | 'cursors'>, fingerprint: string): Verdict {
  if (intent === null) return { kind: 'again', why: 'each step is recorded together with its work' };
  if (intent.idempotent && Object.keys(cursors).length > 0)
    return { kind: 'again', why: 'each batch is recorded together with its work' };
  if (intent.idempotent) return { kind: 'again', why: 'running it twice does what running it once does' };
  switch (intent.kind) {
    case 'ddl':
      if (intent.fingerprint === fingerprint)
        return { kind: 'again', why: 'the schema is as it was before the statement' };
      return intent.after === null || intent.after === fingerprint
        ? { kind: 'next', why: 'the schema shows that it ran' }
        : { kind: 'unknown', why: 'the schema is neither as it was before the statement nor as it would be after it' };
    case 'unseen':
      return { kind: 'unknown', why: 'the schema does not show whether it ran' };
    case 'code':
      return { kind: 'unknown', why: 'code without a transaction leaves no trace' };
    case 'data':
      return intent.scope !== null && intent.fingerprint === fingerprint
        ? { kind: 'again', why: 'the rows are as they were before the statement' }
        : { kind: 'unknown', why: 'rows that no transaction takes back may have changed' };
  }
}
