import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance-15.ts';

describeConformance('PostgreSQL 15', target, {
  concerns: ['bad input', 'strategies', 'crashes', 'lock race', 'broken runners'],
});
