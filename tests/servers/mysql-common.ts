import { randomBytes } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { createConnection } from 'mysql2/promise';

/** A server that runs; `url` leads to it as a user who may do everything, and to no database. */
export interface MysqlServer {
  readonly product: 'MariaDB' | 'MySQL';
  readonly url: string;
  /** Where it came from, for people. */
  readonly source: string;
}

export interface MysqlDatabase {
  readonly name: string;
  readonly url: string;
  /** Runs commands one after another; gives the rows of the last, each value as text. */
  query(...commands: readonly string[]): Promise<readonly Record<string, string | null>[]>;
  drop(): Promise<void>;
}

export interface Found {
  readonly url: string | null;
  readonly source: string;
  readonly keeper?: number;
}

/** Made for tests: a crash of the machine may lose everything. */
export const ARGUMENTS: readonly string[] = [
  '--bind-address=127.0.0.1',
  '--innodb-flush-method=nosync',
  '--innodb-flush-log-at-trx-commit=0',
  '--innodb-buffer-pool-size=64M',
  '--skip-log-bin',
  '--performance-schema=OFF',
  '--max-connections=400',
  '--default-time-zone=+01:00',
];

/** For `--init-file`: one statement in each line. */
export const USER: string = `${[
  "CREATE USER IF NOT EXISTS 'detent'@'%' IDENTIFIED BY 'geheim';",
  "GRANT ALL ON *.* TO 'detent'@'%' WITH GRANT OPTION;",
].join('\n')}\n`;

export function urlOf(port: number, user = 'detent'): string {
  return `mysql://${user}:geheim@127.0.0.1:${port}`;
}

/** A fresh database of that server. */
export async function createMysqlDatabase({ url }: MysqlServer): Promise<MysqlDatabase> {
  const name = `detent_${randomBytes(6).toString('hex')}`;
  await queryOn(url, [`CREATE DATABASE ${name} CHARACTER SET utf8mb4`]);
  const own = `${url}/${name}`;
  return {
    name,
    url: own,
    query: (...commands) => queryOn(own, commands),
    drop: async () => void (await queryOn(url, [`DROP DATABASE IF EXISTS ${name}`])),
  };
}

export async function queryOn(
  url: string,
  commands: readonly string[],
): Promise<readonly Record<string, string | null>[]> {
  const { hostname, port, username, password, pathname } = new URL(url);
  const connection = await createConnection({
    host: hostname,
    port: Number(port),
    user: username,
    password: decodeURIComponent(password),
    ...(pathname.length > 1 ? { database: pathname.slice(1) } : {}),
    charset: 'utf8mb4',
  });
  connection.on('error', () => undefined);
  try {
    let rows: unknown = [];
    for (const sql of commands) [rows] = await connection.query({ sql, typeCast: (field) => field.string() });
    return Array.isArray(rows) ? (rows as Record<string, string | null>[]) : [];
  } finally {
    await connection.end().catch(() => connection.destroy());
  }
}

/** Waits until the server lets somebody in. */
export async function answering(found: Found & { readonly url: string }, patienceMs: number): Promise<Found> {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      await queryOn(found.url, ['SELECT 1']);
      return found;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}
