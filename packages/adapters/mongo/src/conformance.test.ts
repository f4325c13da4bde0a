import { describeConformance } from '@detent/conformance';
import { mongoServer } from '@detent/tests/servers/mongodb';
import { describe, expect, test } from 'vitest';
import { target } from './fixtures/conformance.ts';

const server = await mongoServer();

describe.runIf(server !== null)('where there is one', () => {
  describeConformance('MongoDB', target, { concerns: ['history', 'transactions', 'run', 'way back'] });
});

// The end of the run says why, as NOT RUN.
test('a MongoDB that cannot be had is told by its absence', () => {
  expect(server === null || server.url.startsWith('mongodb')).toBe(true);
});
