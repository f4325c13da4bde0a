import type { RollbackStrategy } from '../config.ts';
import type { LedgerEvent } from '../ports/history.ts';

/** What the ledger keeps of a rollback that began, so that the next start can finish it. */
export interface RollbackDetail {
  readonly strategy: RollbackStrategy;
  /** Path of the backup; `null` when the run made none. */
  readonly backup: string | null;
  /** Of the schema before the run; `null` when the strategy does not compare. */
  readonly fingerprint: string | null;
  /** Hash over all content when the restore was decided, by which later writes are noticed. */
  readonly content: string | null;
  /** Hash over all content as the backup has it: a restore that is not one transaction may have come that far. */
  readonly restored?: string;
}

/** The newest rollback that this run began; `null` when it began none. */
export function rollbackOf(events: readonly LedgerEvent[], runId: string): RollbackDetail | null {
  const found = events.findLast((event) => event.runId === runId && event.action === 'rollback-started');
  const detail: unknown = JSON.parse(found?.detail ?? 'null');
  return isDetail(detail) ? detail : null;
}

function isDetail(value: unknown): value is RollbackDetail {
  return (
    typeof value === 'object' &&
    value !== null &&
    'strategy' in value &&
    'backup' in value &&
    'fingerprint' in value &&
    'content' in value
  );
}
