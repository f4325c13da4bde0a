import { join } from 'node:path';
import { describe } from 'vitest';
import { describeHost } from '@detent/tests/hosts/suite';

const program = join(import.meta.dirname, 'fixtures/host.ts');

describe('Nest on Express', () => {
  describeHost({ program, args: ['express'], isAlwaysThere: false, replicas: 6, rounds: 3 });
});
