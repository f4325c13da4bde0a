import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('PostgreSQL 18', target, {
  concerns: ['strategies', 'crashes', 'lock race', 'broken runners'],
  size: 'long',
});
