import { describeConformance } from '@detent/conformance';
import { targetOn } from './fixtures/conformance.ts';

describeConformance('PostgreSQL 18', targetOn('18'), { concerns: ['crashes', 'broken runners'] });
