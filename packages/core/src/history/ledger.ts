import { hash } from 'node:crypto';
import type { LedgerEvent, LedgerLine } from '../ports/history.ts';

/** Before the first line of a ledger. */
export const LEDGER_START: string = '0'.repeat(64);

/** The hash of a line given the hash of the line before it, in hex. Adapters store it; `verify` recomputes it. */
export function chainHash(previousHash: string, line: LedgerLine): string {
  const { at, runId, actor, action, id, detail } = line;
  return hash('sha256', JSON.stringify([previousHash, at, runId, actor, action, id, detail]));
}

/** The sequence number of the first line that does not follow from the one before it; `null` when the chain is whole. */
export function findBrokenLink(events: readonly LedgerEvent[]): number | null {
  let previous = events[0]?.previousHash ?? LEDGER_START;
  for (const event of events) {
    if (event.previousHash !== previous || event.hash !== chainHash(previous, event)) return event.seq;
    previous = event.hash;
  }
  return null;
}
