import { describeConformance } from '@detent/conformance';
import { describe, expect, test } from 'vitest';
import { targetsByDump } from './fixtures/dump.ts';

// Where there is no program, or no server, the end of the run says why.
const targets = await targetsByDump(['MariaDB']);

describe.each(targets)('by mariadb-dump', (target) => {
  describeConformance('MariaDB', target, { concerns: ['backup fidelity'], size: 'brief' });
});

test('a program that cannot be had is told by its absence', () => {
  expect(targets.length).toBeLessThan(2);
});
