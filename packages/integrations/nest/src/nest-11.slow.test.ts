import { join } from 'node:path';
import { describe } from 'vitest';
import { describeHost } from '@detent/tests/hosts/suite';

const program = join(import.meta.dirname, 'fixtures/host.ts');
const nodeArgs = ['--import', join(import.meta.dirname, 'fixtures/nest-11.ts')];
const hosting = { program, nodeArgs, isAlwaysThere: false, replicas: 2, rounds: 1 };

describe('Nest 11 on Express', () => {
  describeHost({ ...hosting, args: ['express'] });
});
