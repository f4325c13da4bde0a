import type { TransactionMode } from '../config.ts';
import type { Statement } from '../ports/script.ts';

/** Statements that run together: in one transaction, or one by itself outside of any. `to` is past the last. */
export interface Segment {
  readonly kind: 'transaction' | 'alone';
  readonly from: number;
  readonly to: number;
}

/**
 * Cuts a script where a statement cannot be in a transaction. Without a transaction for the migration each statement
 * that can have one gets its own, shared with the count of what is done, so that neither is ever there without the other.
 */
export function cutSegments(statements: readonly Statement[], mode: TransactionMode): Segment[] {
  const segments: Segment[] = [];
  statements.forEach((statement, index) => {
    const last = segments.at(-1);
    const joins = statement.transactional && mode !== 'none' && last?.kind === 'transaction';
    if (joins) segments[segments.length - 1] = { ...last, to: index + 1 };
    else segments.push({ kind: canBegin(statement, mode) ? 'transaction' : 'alone', from: index, to: index + 1 });
  });
  return segments;
}

/** What ends transactions by itself must not be put into one; nor settings, where there is none to hold them together. */
function canBegin({ kind, transactional }: Statement, mode: TransactionMode): boolean {
  return transactional && kind !== 'transaction' && (mode !== 'none' || kind !== 'session');
}

/** Whether the whole script and its record fit into one transaction. */
export function isAtomic(segments: readonly Segment[], count: number): boolean {
  return count === 0 || (segments.length === 1 && segments[0]?.kind === 'transaction');
}
