import { describeConformance } from '@detent/conformance';
import { targetAlone } from './fixtures/conformance.ts';

describeConformance('MariaDB', targetAlone('fidelity'), { concerns: ['backup fidelity'], size: 'brief' });
