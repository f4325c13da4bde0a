import { expect } from 'vitest';

/** Fails with every deviation, not with the first few. */
export function expectNone(deviations: readonly string[]): void {
  expect(deviations.length, `\n${deviations.join('\n')}\n`).toBe(0);
}
