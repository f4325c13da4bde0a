import { describeConformance } from '@detent/conformance';
import { target } from './fixtures/conformance.ts';

describeConformance('PostgreSQL 18', target, { concerns: ['lock race', 'recovery', 'bad input'] });
