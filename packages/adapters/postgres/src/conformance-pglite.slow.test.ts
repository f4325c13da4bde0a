import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/pglite.ts';

describeConformance('PGlite', target, { size: 'brief' });
