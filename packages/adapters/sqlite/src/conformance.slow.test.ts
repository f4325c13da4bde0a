import { describeStrategies, SHORT_MATRIX } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeStrategies(target, SHORT_MATRIX);
