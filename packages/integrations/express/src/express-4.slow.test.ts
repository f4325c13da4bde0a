import { join } from 'node:path';
import { describe } from 'vitest';
import { describeHost, describeStatus } from '@detent/tests/hosts/suite';

const program = join(import.meta.dirname, 'fixtures/host.ts');

describe('Express 4', () => {
  const hosting = { program, args: ['4'], isAlwaysThere: true, replicas: 4, rounds: 3 };
  describeHost(hosting);
  describeStatus(hosting);
});
