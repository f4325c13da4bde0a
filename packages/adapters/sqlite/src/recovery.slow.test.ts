import { describeRecovery } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeRecovery(target);
