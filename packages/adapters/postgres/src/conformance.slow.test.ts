import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('PostgreSQL 18', target, {
  concerns: ['backup fidelity', 'recovery', 'bad input', 'lock race'],
  size: 'brief',
});
