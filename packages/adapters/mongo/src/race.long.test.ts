import { describeLockRace } from '@detent/conformance';
import { describe } from 'vitest';
import { target } from './fixtures/conformance.ts';
import { server } from './fixtures/places.ts';

describe.runIf(server !== null)('32 processes, 5 times over', () => {
  describeLockRace(target, { processes: 32, rounds: 5 });
});
