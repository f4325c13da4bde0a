import type { PostgresDatabase } from '@detent/tests/servers/postgres';
import type { Job } from './job.ts';
import { writeSqlMigrations, type Layout } from './migrations.ts';
import { checkPostgres, type Expected, type Postgres } from './postgres.ts';
import type { Contestant } from './race.ts';
import { contender, type Workplace } from './workplace.ts';

/** Who takes part on PostgreSQL, and what it leaves behind. */
export interface Entrant extends Omit<Expected, 'count'> {
  readonly name: string;
  /** The file in `contenders/postgres`. */
  readonly program: string;
  readonly layout: Layout;
}

const entrant = (name: string, program: string, history: string, more: Partial<Entrant> = {}): Entrant => ({
  name,
  program,
  history,
  layout: 'versions',
  transactions: 'each',
  ...more,
});

export const FLOOR: Entrant = entrant('floor', 'floor', 'history');
export const DETENT: Entrant = entrant('Detent', 'detent', "schema_version WHERE state = 'applied'");
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

export interface Field {
  /** A start on a new database, which applies everything. */
  applies(entrant: Entrant): Contestant;
  /** A start on the database on which `first` has applied everything; the first round does. */
  starts(entrant: Entrant, first?: Entrant): Contestant;
}

/** Gives everybody the same migrations, in files as each wants them. */
export function openField(postgres: Postgres, workplace: Workplace, count: number): Field {
  const folders = new Map<Layout, string>();
  const folderOf = (layout: Layout): string => {
    const known = folders.get(layout);
    if (known !== undefined) return known;
    const folder = workplace.folder(layout);
    writeSqlMigrations(folder, count, layout);
    folders.set(layout, folder);
    return folder;
  };
  const jobFor = ({ layout }: Entrant, { url }: PostgresDatabase): Job => ({
    task: 'migrate',
    folder: folderOf(layout),
    database: url,
    backup: '',
  });
  const start = (own: Entrant, database: PostgresDatabase) =>
    contender(`postgres/${own.program}`, jobFor(own, database));

  return {
    applies(own) {
      let database: PostgresDatabase | null = null;
      return {
        name: own.name,
        async ready() {
          database = await postgres.database();
          return start(own, database);
        },
        async check(done) {
          if (database === null) return;
          if (done !== null && done !== count) throw new Error(`${own.name} applied ${done} of ${count}.`);
          await checkPostgres(database, { ...own, count });
          await database.drop();
        },
      };
    },

    starts(own, first = own) {
      let database: PostgresDatabase | null = null;
      let isFirst = true;
      return {
        name: own.name,
        async ready() {
          database ??= await postgres.database();
          return start(isFirst ? first : own, database);
        },
        async check(done) {
          if (database === null) return;
          if (done !== null && done !== (isFirst ? count : 0)) throw new Error(`${own.name} applied ${done}.`);
          isFirst = false;
          await checkPostgres(database, { ...own, count });
        },
      };
    },
  };
}
