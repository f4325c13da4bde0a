import { hash } from 'node:crypto';
import type { LedgerEvent, LedgerLine } from '../ports/history.ts';

/** Before the first line of a ledger. */
export const LEDGER_START: string = '0'.repeat(64);

/** The hash of a line given the hash of the line before it, in hex. Adapters store it; `verify` recomputes it. */
export function chainHash(previousHash: string, line: LedgerLine): string {
  return hash('sha256', chainText(previousHash, line).join(String(line.at)));
}

/** What is hashed, before and after the time, for a database that hashes by itself because it knows the time. */
export function chainText(previousHash: string, line: Omit<LedgerLine, 'at'>): readonly [string, string] {
  const { runId, actor, action, id, detail } = line;
  return [`[${JSON.stringify(previousHash)},`, `,${JSON.stringify([runId, actor, action, id, detail]).slice(1)}`];
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
