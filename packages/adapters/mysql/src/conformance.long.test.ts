import { describeConformance } from '@detent/conformance';
import { targetAlone } from './fixtures/conformance.ts';

describeConformance('MariaDB', targetAlone('long'), {
  concerns: ['recovery', 'bad input', 'crashes', 'broken runners'],
  size: 'brief',
});
