import { delimiter, join } from 'node:path';
import process from 'node:process';
import { mysqlClient } from '@detent/tests/servers/mysql-client';
import type { MysqlDatabase } from '@detent/tests/servers/mysql-common';
import { making } from '../making.ts';
import type { MysqlJob } from '../job.ts';
import { openMariadb } from '../mysql.ts';
import { race, type Command } from '../race.ts';
import { render } from '../report.ts';
import { NotRun, type Scenario } from '../scenario.ts';
import { contender } from '../workplace.ts';

const TABLES = 10;
/** What a row of `fill` takes. */
const ROW_BYTES = 350;

export const mysqlBackup: Scenario = {
  name: 'mysql-backup',
  about:
    'The floors are `mariadb-dump --single-transaction` and `mariadb` reading its file. Detent also hashes every row in the server, reads its backup again before anybody relies on it, and restores beside the live tables, compares the sums, and exchanges them.',
  async run({ workplace, rounds, size }) {
    const programs = await mysqlClient('MariaDB');
    if (programs === null) throw new NotRun('there is no mariadb-dump.');
    const env = { PATH: [programs, process.env['PATH']].join(delimiter) };
    const megabytes = size ?? 300;
    using mariadb = await openMariadb();
    const database = await mariadb.database();
    await fill(database, megabytes);
    const folder = workplace.folder('migrations');
    const kept = workplace.folder('kept');
    const contestant = making(workplace, megabytes * 0.8e6);
    const fileOf = (name: string): string => join(kept, name);
    const dump = (target: string): Command => dumping(database, env, target);
    const own = (task: 'backup' | 'restore', method: 'copy' | 'dump', backup: string): Command => {
      const job: MysqlJob = { task, folder, database: database.url, backup, method };
      return contender('mysql/detent', job, env);
    };
    await race([{ name: 'a dump to restore', ready: () => dump(fileOf('floor')) }], 0);
    for (const method of ['copy', 'dump'] as const)
      await race([{ name: `a backup by ${method} to restore`, ready: () => own('backup', method, fileOf(method)) }], 0);
    const [made, restored] = [
      await race(
        [
          contestant('floor', dump),
          contestant('floor again', dump),
          contestant('Detent', (target) => own('backup', 'copy', target)),
          contestant('Detent by mariadb-dump', (target) => own('backup', 'dump', target)),
        ],
        rounds,
      ),
      await race(
        [
          { name: 'floor', ready: () => reading(database, env, fileOf('floor')) },
          { name: 'Detent', ready: () => own('restore', 'copy', fileOf('copy')) },
          { name: 'Detent by mariadb-dump', ready: () => own('restore', 'dump', fileOf('dump')) },
        ],
        rounds,
      ),
    ];
    const goals = [
      { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 2 },
      { kind: 'memory', of: 'Detent', underMb: 200 },
    ] as const;
    return [
      mariadb.about,
      render({ title: `MariaDB: backup of ${megabytes} MB`, results: made, goals }),
      render({ title: `MariaDB: restore of ${megabytes} MB`, results: restored, goals }),
    ].join('\n\n');
  },
};

function optionsFor({ url }: MysqlDatabase): readonly string[] {
  const { hostname, port, username } = new URL(url);
  return ['-h', hostname, '-P', port, '-u', username, '--max-allowed-packet=16M'];
}

type Environment = Readonly<Record<string, string>>;

const passwordOf = ({ url }: MysqlDatabase): Environment => ({ MYSQL_PWD: new URL(url).password });

function dumping(database: MysqlDatabase, env: Environment, target: string): Command {
  const what = ['--single-transaction', '--routines', '--events', '--triggers', `--result-file=${target}`];
  return {
    program: 'mariadb-dump',
    args: [...optionsFor(database), ...what, database.name],
    env: { ...env, ...passwordOf(database) },
  };
}

function reading(database: MysqlDatabase, env: Environment, file: string): Command {
  const script = 'file=$0; exec mariadb "$@" < "$file"';
  return {
    program: 'sh',
    args: ['-c', script, file, ...optionsFor(database), database.name],
    env: { ...env, ...passwordOf(database) },
  };
}

/** Rows of several types that do not compress, in ten tables. */
async function fill(database: MysqlDatabase, megabytes: number): Promise<void> {
  const rows = Math.ceil((megabytes * 1_000_000) / TABLES / ROW_BYTES);
  const noise = 'UNHEX(SHA2(RAND(), 512))';
  for (let table = 0; table < TABLES; table += 1) {
    const name = `events_${table}`;
    await database.query(
      `CREATE TABLE ${name} (id bigint AUTO_INCREMENT PRIMARY KEY, at double, actor varchar(50), note text, body blob)`,
      `INSERT INTO ${name} (at, actor, note, body)
       SELECT seq * 0.37, CONCAT('user ', seq % 97), IF(seq % 3 = 0, NULL, SHA2(RAND(), 256)), CONCAT(${[noise, noise, noise, noise].join(', ')})
       FROM seq_1_to_${rows}`,
    );
  }
}
