import { join } from 'node:path';
import { describe } from 'vitest';
import { describeHost, describeStatus } from '@detent/tests/hosts/suite';

const program = join(import.meta.dirname, 'fixtures/host.ts');

describe('Express 5', () => {
  const hosting = { program, args: ['5'], isAlwaysThere: true, replicas: 6, rounds: 3 };
  describeHost(hosting);
  describeStatus(hosting);
});
