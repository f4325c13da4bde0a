import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('MariaDB', target, {
  concerns: ['recovery', 'bad input', 'strategies', 'lock race', 'crashes', 'broken runners'],
  size: 'brief',
});
