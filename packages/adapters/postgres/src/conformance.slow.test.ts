import { describeConformance } from '@detent/conformance';
import { targetOn } from './fixtures/conformance.ts';
import { pgliteTarget } from './fixtures/pglite.ts';

describeConformance('PostgreSQL 15', targetOn('15'), {
  concerns: ['history', 'transactions', 'run', 'way back', 'recovery'],
});
// One process, one session and no backups: what needs a second process or a backup is not for it.
describeConformance('PGlite', pgliteTarget, { concerns: ['history', 'transactions'] });
