import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance-15.ts';

describeConformance('PostgreSQL 15', target, {
  concerns: ['history', 'transactions', 'run', 'way back', 'backup fidelity', 'recovery'],
});
