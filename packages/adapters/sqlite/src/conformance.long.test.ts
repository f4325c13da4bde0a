import { describeConformance } from '@detent/conformance';
import { target } from './conformance-target.ts';

describeConformance('node:sqlite', target, { concerns: ['lock race', 'crashes', 'strategies'], size: 'long' });
