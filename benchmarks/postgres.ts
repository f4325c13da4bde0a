import { setup } from '@detent/tests/servers/setup';
import {
  createPostgresDatabase,
  postgresServer,
  type PostgresDatabase,
  type PostgresMajor,
} from '@detent/tests/servers/postgres';
import type { Expected, Server } from './field.ts';
import { checkEffect, countIndexes } from './migrations.ts';
import { NotRun } from './scenario.ts';

export type Postgres = Server<PostgresDatabase>;

/** Throws `NotRun` where no server can be had. */
export async function openPostgres(major: PostgresMajor, settings: { readonly durable: boolean }): Promise<Postgres> {
  const stop = setup();
  const server = await postgresServer(major, settings);
  if (server === null) {
    stop();
    throw new NotRun(`there is no PostgreSQL ${major}.`);
  }
  const first = await createPostgresDatabase(server);
  return {
    programs: 'postgres',
    about: await aboutServer(first),
    check,
    async database(...commands) {
      const database = await createPostgresDatabase(server);
      await database.query(...commands, 'CHECKPOINT');
      return database;
    },
    [Symbol.dispose]: stop,
  };
}

const SETTINGS = ['server_version', 'fsync', 'synchronous_commit', 'full_page_writes', 'shared_buffers'];

async function aboutServer(database: PostgresDatabase): Promise<string> {
  const shown: string[] = [];
  for (const name of SETTINGS) {
    const [row] = await database.query(`SHOW ${name}`);
    shown.push(`${name} ${String(row?.[name])}`);
  }
  return shown.join(', ');
}

async function check(database: PostgresDatabase, expected: Expected): Promise<void> {
  const { count, history, transactions } = expected;
  const number = async (sql: string): Promise<number> => Number((await database.query(sql))[0]?.['n']);
  const made = await number(
    "SELECT count(*) n FROM pg_class WHERE relkind IN ('r', 'i') AND relname ~ '^orders_[0-9]+(_by_customer)?$'",
  );
  checkEffect({ made, rows: await number('SELECT count(*) n FROM orders_0') }, count);
  const written = await number(`SELECT count(*) n FROM ${history}`);
  if (written !== count) throw new Error(`The history has ${written} rows, not ${count}.`);
  const wanted = transactions === 'one' ? 1 : countIndexes(count);
  const found = await number("SELECT count(DISTINCT xmin::text) n FROM pg_class WHERE relname ~ '_by_customer$'");
  if (found !== wanted) throw new Error(`The indexes were made in ${found} transactions, not in ${wanted}.`);
}
