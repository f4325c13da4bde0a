import { describeCrashes, describeLockRace, describeStrategies, WHOLE_MATRIX } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeLockRace(target, { processes: 64, rounds: 10 });
describeCrashes(target, { step: 1, randomKills: 200, seed: 20231102 });
describeStrategies(target, WHOLE_MATRIX);
