import type { Settings } from '../config.ts';
import { DetentError, type Problem } from '../errors.ts';
import { findBrokenLink } from '../history/ledger.ts';
import { compareWithHistory } from '../plan/history-check.ts';
import type { LedgerEvent } from '../ports/history.ts';
import type { MigrationSession } from '../ports/session.ts';
import type { Scan } from '../scan/scanner.ts';

export interface Verification {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  /** Of the live schema. */
  readonly fingerprint: string;
  /** As the last run left it; `null` when there was none, or it did not come to its end. */
  readonly recorded: string | null;
}

/** Holds files against history, the ledger against its own chain, and the live schema against what the last run left. */
export async function verifyHistory(scan: Scan, settings: Settings, session: MigrationSession): Promise<Verification> {
  const check = compareWithHistory(scan, settings);
  const problems: Problem[] = [...scan.problems, ...check.problems];
  const events = await session.history.events(null);
  const broken = findBrokenLink(events);
  if (broken !== null) {
    problems.push(
      new DetentError(
        'HISTORY_DAMAGED',
        `Line ${broken} of the ledger does not follow from the line before it: the ledger was changed by hand.`,
        { hint: 'Compare it with a backup of the database.' },
      ),
    );
  }
  const fingerprint = await session.fingerprint();
  const recorded = lastFingerprint(events);
  if (recorded !== null && recorded !== fingerprint) {
    problems.push(
      new DetentError('DRIFT', 'The live schema is not what the last run left: something else changed it.', {
        hint: 'Find out what, and write it as a migration; `detent up` records the schema again.',
      }),
    );
  }
  return { problems, warnings: check.warnings, fingerprint, recorded };
}

/** What changes the schema; after one of these without a recorded end nobody knows what the schema should be. */
const CHANGES = new Set(['started', 'applied', 'undo-started', 'undone', 'restored']);

function lastFingerprint(events: readonly LedgerEvent[]): string | null {
  const last = events.findLast(
    ({ action }) => action === 'run-finished' || action === 'run-failed' || CHANGES.has(action),
  );
  if (last === undefined || CHANGES.has(last.action)) return null;
  const detail: unknown = JSON.parse(last.detail ?? 'null');
  return typeof detail === 'object' && detail !== null && 'fingerprint' in detail ? String(detail.fingerprint) : null;
}
