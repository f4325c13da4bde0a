import { setup } from '@detent/tests/servers/setup';
import { mariadbServer } from '@detent/tests/servers/mariadb';
import { createMysqlDatabase, type MysqlDatabase } from '@detent/tests/servers/mysql-common';
import type { Expected, Server } from './field.ts';
import { checkEffect } from './migrations.ts';
import { NotRun } from './scenario.ts';

/** Throws `NotRun` where no server can be had. */
export async function openMariadb(): Promise<Server<MysqlDatabase>> {
  const stop = setup();
  const server = await mariadbServer();
  if (server === null) {
    stop();
    throw new NotRun('there is no MariaDB.');
  }
  const first = await createMysqlDatabase(server);
  return {
    programs: 'mysql',
    about: await aboutServer(first),
    check,
    async database(...commands) {
      const database = await createMysqlDatabase(server);
      await database.query('SELECT 1', ...commands);
      return database;
    },
    [Symbol.dispose]: stop,
  };
}

const SETTINGS = [
  'version',
  'innodb_flush_log_at_trx_commit',
  'innodb_flush_method',
  'log_bin',
  'innodb_buffer_pool_size',
];

async function aboutServer(database: MysqlDatabase): Promise<string> {
  const shown: string[] = [];
  for (const name of SETTINGS) {
    const [row] = await database.query(`SELECT @@${name} AS value`);
    shown.push(`${name} ${String(row?.['value'])}`);
  }
  return shown.join(', ');
}

/** There is nothing to be seen of transactions: whatever changes the schema commits. */
async function check(database: MysqlDatabase, { count, history }: Expected): Promise<void> {
  const number = async (sql: string): Promise<number> => Number((await database.query(sql))[0]?.['n']);
  const tables = await number(
    "SELECT count(*) n FROM information_schema.tables WHERE table_schema = database() AND table_name REGEXP '^orders_[0-9]+$'",
  );
  const indexes = await number(
    "SELECT count(*) n FROM information_schema.statistics WHERE table_schema = database() AND index_name LIKE '%_by_customer'",
  );
  checkEffect({ made: tables + indexes, rows: await number('SELECT count(*) n FROM orders_0') }, count);
  const written = await number(`SELECT count(*) n FROM ${history}`);
  if (written !== count) throw new Error(`The history has ${written} rows, not ${count}.`);
}
