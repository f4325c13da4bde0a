import { existsSync } from 'node:fs';
import type { PostgresDatabase } from '@detent/tests/servers/postgres';
import { making } from '../making.ts';
import { openPostgres } from '../postgres.ts';
import { race, type Command } from '../race.ts';
import { render } from '../report.ts';
import { NotRun, type Scenario } from '../scenario.ts';
import { contender } from '../workplace.ts';

/** A dump refuses a server that is newer than itself, and this is the one that Debian has. */
const MAJOR = '15';
const PROGRAM = `/usr/lib/postgresql/${MAJOR}/bin/pg_dump`;
const TABLES = 10;

export const postgresBackup: Scenario = {
  name: 'postgres-backup',
  about:
    'The floor is `pg_dump -Fc -Z0`. Detent also counts and hashes every table in the server, and reads its backup again before anybody relies on it.',
  async run({ workplace, rounds, size }) {
    if (!existsSync(PROGRAM)) throw new NotRun(`there is no ${PROGRAM}.`);
    const megabytes = size ?? 300;
    using postgres = await openPostgres(MAJOR, { durable: true });
    const database = await postgres.database();
    await fill(database, megabytes);
    const folder = workplace.folder('migrations');
    const contestant = making(workplace, megabytes * 0.8e6);
    const dump = (target: string): Command => ({
      program: PROGRAM,
      args: ['-Fc', '-Z0', '-f', target, '-d', database.url],
    });
    const results = await race(
      [
        contestant('floor', dump),
        contestant('floor again', dump),
        contestant('Detent', (backup) =>
          contender('postgres/detent', { task: 'backup', folder, database: database.url, backup }),
        ),
      ],
      rounds,
    );
    return `${postgres.about}\n\n${render({
      title: `PostgreSQL: backup of ${megabytes} MB`,
      results,
      goals: [
        { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 2 },
        { kind: 'memory', of: 'Detent', underMb: 200 },
      ],
    })}`;
  },
};

/** Rows of several types that do not compress, in ten tables. */
async function fill(database: PostgresDatabase, megabytes: number): Promise<void> {
  for (let table = 0; table < TABLES; table += 1) {
    const name = `events_${table}`;
    const sizeOf = async (): Promise<number> =>
      Number((await database.query(`SELECT pg_relation_size('${name}') AS bytes`))[0]?.['bytes']);
    await database.query(
      `CREATE TABLE ${name} (id bigint GENERATED ALWAYS AS IDENTITY PRIMARY KEY, at float8, actor text, note text, body bytea)`,
    );
    while ((await sizeOf()) < (megabytes * 1_000_000) / TABLES) {
      await database.query(
        `INSERT INTO ${name} (at, actor, note, body)
         SELECT i * 0.37, 'user ' || i % 97, CASE i % 3 WHEN 0 THEN NULL ELSE md5(random()::text) || md5(random()::text) END,
           sha512(random()::text::bytea) || sha512(random()::text::bytea) || sha512(random()::text::bytea) || sha512(random()::text::bytea)
         FROM generate_series(1, 5000) AS i`,
      );
    }
  }
  await database.query('VACUUM ANALYZE', 'CHECKPOINT');
}
