import { describeConformance } from '@detent/conformance';
import { describe, expect, test } from 'vitest';
import { targetsByDump } from './fixtures/dump.ts';

const targets = await targetsByDump(['MariaDB', 'MySQL']);

describe.each(targets)('by a dump', (target) => {
  describeConformance(target.module, target, { concerns: ['backup fidelity', 'strategies'], size: 'brief' });
});

test('a program that cannot be had is told by its absence', () => {
  expect(targets.length).toBeLessThan(3);
});
