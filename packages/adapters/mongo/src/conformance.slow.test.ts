import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('MongoDB', target, { concerns: ['recovery', 'lock race', 'bad input'], size: 'brief' });
