import { join } from 'node:path';
import { describe } from 'vitest';
import { describeHost } from '@detent/tests/hosts/suite';

const program = join(import.meta.dirname, 'fixtures/host.ts');

describe('Nest on Express', () => {
  describeHost({ program, args: ['express'], isAlwaysThere: false, refusedCode: 1 });
});

describe('Nest on Fastify', () => {
  describeHost({ program, args: ['fastify'], isAlwaysThere: false, refusedCode: 1, replicas: 2, rounds: 1 });
});
