import { describeLockRace } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeLockRace(target, { processes: 16, rounds: 2 });
