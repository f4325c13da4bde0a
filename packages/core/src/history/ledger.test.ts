import { expect, test } from 'vitest';
import type { LedgerEvent, LedgerLine } from '../ports/history.ts';
import { chainHash, findBrokenLink, LEDGER_START } from './ledger.ts';

function ledger(count: number): LedgerEvent[] {
  const events: LedgerEvent[] = [];
  let previousHash = LEDGER_START;
  for (let seq = 1; seq <= count; seq += 1) {
    const line: LedgerLine = { at: seq, runId: 'r', actor: 'a', action: 'applied', id: String(seq), detail: null };
    const hash = chainHash(previousHash, line);
    events.push({ ...line, seq, previousHash, hash });
    previousHash = hash;
  }
  return events;
}

test('a ledger that nobody touched is whole, also its newest part alone', () => {
  expect(findBrokenLink(ledger(5))).toBeNull();
  expect(findBrokenLink(ledger(5).slice(2))).toBeNull();
  expect(findBrokenLink([])).toBeNull();
});

test('F108 a changed, a removed and an exchanged line are found', () => {
  const changed = ledger(5).map((event) => (event.seq === 3 ? { ...event, actor: 'b' } : event));
  expect(findBrokenLink(changed)).toBe(3);
  expect(findBrokenLink(ledger(5).filter(({ seq }) => seq !== 3))).toBe(4);
  const [a, b, c] = ledger(3);
  expect(findBrokenLink([a, c, b].filter((event) => event !== undefined))).toBe(3);
});
