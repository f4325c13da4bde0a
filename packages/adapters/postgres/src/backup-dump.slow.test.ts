import { postgresClient } from '@detent/tests/servers/postgres-client';
import { describeBackups } from './fixtures/backup-facts.ts';
import { SCHEMA } from './fixtures/fidelity.ts';

/** pg_dump would give this table's columns another order, which the plan says. */
const schema = SCHEMA.filter((command) => !/\bcat\b/.test(command));

describeBackups('15', 'pg_dump', { schema, programs: () => postgresClient('15') });
describeBackups('18', 'pg_dump', { schema, programs: () => postgresClient('18') });
