import { describeLockRace } from '@detent/conformance';
import { sized } from '@detent/tests/size';
import { target } from './fixtures/conformance.ts';

describeLockRace(target, { processes: sized(16, 64), rounds: sized(1, 10) });
