import { describeConformance } from '@detent/conformance';
import { targetAlone } from './fixtures/conformance.ts';

describeConformance('MariaDB', targetAlone('strategies'), { concerns: ['strategies'], size: 'brief' });
