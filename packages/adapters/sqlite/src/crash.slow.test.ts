import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('node:sqlite', target, { concerns: ['crashes', 'lock race', 'broken runners'] });
