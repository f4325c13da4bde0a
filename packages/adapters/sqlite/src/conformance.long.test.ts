import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('node:sqlite', target, { concerns: ['lock race', 'crashes', 'strategies'], size: 'long' });
