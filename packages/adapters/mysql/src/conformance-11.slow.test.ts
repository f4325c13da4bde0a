import { describeConformance } from '@detent/conformance';
import { mariadb11Server } from '@detent/tests/servers/mariadb-11';
import { describe, expect, test } from 'vitest';
import { target } from './fixtures/mariadb-11.ts';

// Where there is none, the end of the run says why.
const here = (await mariadb11Server()) === null ? [] : [target];

describe.each(here)('of the eleventh series', (given) => {
  describeConformance('MariaDB', given, {
    concerns: ['history', 'transactions', 'run', 'way back', 'recovery', 'backup fidelity', 'strategies'],
    size: 'brief',
  });
});

test('a MariaDB 11 that cannot be had is told by its absence', () => {
  expect(here.length).toBeLessThan(2);
});
