import { describeConformance } from '@detent/conformance';
import { mysqlServer } from '@detent/tests/servers/mysql';
import { describe, expect, test } from 'vitest';
import { target } from './fixtures/mysql.ts';

const server = await mysqlServer();

describe.runIf(server !== null)('where there is one', () => {
  describeConformance('MySQL', target, { concerns: ['history', 'transactions', 'recovery'] });
});

// The end of the run says why, as NOT RUN.
test('a MySQL that cannot be had is told by its absence', () => {
  expect(server === null || server.product === 'MySQL').toBe(true);
});
