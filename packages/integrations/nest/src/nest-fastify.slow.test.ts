import { join } from 'node:path';
import { describe } from 'vitest';
import { describeHost } from '@detent/tests/hosts/suite';

const program = join(import.meta.dirname, 'fixtures/host.ts');

describe('Nest on Fastify', () => {
  describeHost({ program, args: ['fastify'], isAlwaysThere: false, replicas: 4, rounds: 3 });
});
