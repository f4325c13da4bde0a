import { describeConformance } from '@detent/conformance';
import { mysqlServer } from '@detent/tests/servers/mysql';
import { describe, expect, test } from 'vitest';
import { target } from './fixtures/mysql.ts';

// Where there is none, the end of the run says why.
const here = (await mysqlServer('conformance')) === null ? [] : [target];

describe.each(here)('of Oracle', (given) => {
  describeConformance('MySQL', given, {
    concerns: ['history', 'transactions', 'run', 'way back', 'recovery', 'backup fidelity', 'strategies'],
    size: 'brief',
  });
});

test('a MySQL that cannot be had is told by its absence', () => {
  expect(here.length).toBeLessThan(2);
});
