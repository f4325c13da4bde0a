import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('MariaDB', target, { concerns: ['run', 'way back', 'backup fidelity'] });
