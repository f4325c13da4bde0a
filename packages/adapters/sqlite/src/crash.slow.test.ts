import { describeCrashes } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeCrashes(target, { step: 9, randomKills: 40, seed: 20231102 });
