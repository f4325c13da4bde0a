import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('MongoDB', target, { concerns: ['history', 'transactions', 'run', 'way back'] });
