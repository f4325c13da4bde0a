import { describeConformance } from '@detent/conformance';
import { mongoServer } from '@detent/tests/servers/mongodb';
import { describe } from 'vitest';
import { target } from './fixtures/conformance.ts';

const server = await mongoServer();

describe.runIf(server !== null)('where there is one', () => {
  describeConformance('MongoDB', target, { concerns: ['crashes'], size: 'long' });
});
