import { entrant, type Entrant } from './field.ts';

export const PEERS: readonly Entrant[] = [
  entrant('umzug', 'umzug', 'history'),
  entrant('drizzle', 'drizzle', '__drizzle_migrations', { layout: 'drizzle' }),
  entrant('knex', 'knex', 'knex_migrations'),
  entrant('kysely', 'kysely', 'kysely_migration'),
  entrant('typeorm', 'typeorm', 'history'),
];

/** The floor with what makes a run safe that is cut off: before each change of the schema, what was there is written down. */
export const INTENTS: Entrant = entrant('floor with intents', 'floor-intents', "history WHERE state = 'applied'");
