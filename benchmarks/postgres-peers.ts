import { entrant, type Entrant } from './field.ts';

export const PEERS: readonly Entrant[] = [
  entrant('umzug', 'umzug', 'history'),
  entrant('drizzle', 'drizzle', 'drizzle.__drizzle_migrations', { layout: 'drizzle', transactions: 'one' }),
  entrant('postgres-migrations', 'postgres-migrations', 'migrations WHERE id > 0', { layout: 'numbers' }),
  entrant('node-pg-migrate', 'node-pg-migrate', 'history', { layout: 'numbers' }),
  entrant('knex', 'knex', 'knex_migrations'),
  entrant('kysely', 'kysely', 'kysely_migration'),
  entrant('typeorm', 'typeorm', 'history'),
  entrant('mikro-orm', 'mikro-orm', 'history'),
];
