import { copyFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import type { SqliteJob, Task } from '../job.ts';
import { race, type Command, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { contender } from '../workplace.ts';

export const backup: Scenario = {
  name: 'backup',
  about:
    'The floor copies by the backup API of SQLite and hashes the copy once. Detent also counts and hashes every table, reads its backup again before anybody relies on it, and compares after a restore.',
  async run({ workplace, rounds, size }) {
    const megabytes = size ?? 300;
    const original = join(workplace.folder('original'), 'app.db');
    fill(original, megabytes);
    const folder = workplace.folder('migrations');
    const contestantsFor = (task: Task): Contestant[] =>
      (['floor', 'floor again', 'Detent'] as const).map((name) => {
        const place = workplace.folder(`${task}-${name}`);
        const job: SqliteJob = {
          task,
          folder,
          database: join(place, 'app.db'),
          journalMode: 'delete',
          sync: 'each',
          backup: join(place, 'app.backup'),
        };
        copyFileSync(original, job.database);
        const program = name === 'Detent' ? 'detent' : 'floor-copy';
        return {
          name,
          ready() {
            if (task === 'backup')
              for (const suffix of ['', '.json', '.sha256']) rmSync(job.backup + suffix, { force: true });
            return contender(program, job);
          },
          check(count) {
            if (count !== 1) throw new Error(`${name} did not finish.`);
          },
        };
      });
    const made = await race(contestantsFor('backup'), rounds);
    const restorers = contestantsFor('restore');
    // What each puts back is a backup of its own making.
    const makers = restorers.map((contestant): Contestant => ({ ...contestant, ready: () => asBackup(contestant) }));
    await race(makers, 0);
    const restored = await race(restorers, rounds);
    const title = (what: string): string => `${what} of ${megabytes} MB`;
    return `${render({ title: title('Backup'), results: made, goals: [] })}\n${render({ title: title('Restore'), results: restored, goals: [] })}`;
  },
};

async function asBackup(contestant: Contestant): Promise<Command> {
  const command = await contestant.ready();
  return { ...command, args: command.args.map((text) => text.replace('"task":"restore"', '"task":"backup"')) };
}

/** Rows of all types that do not compress, in ten tables. */
function fill(path: string, megabytes: number): void {
  const database = new DatabaseSync(path);
  database.exec('PRAGMA synchronous = OFF; BEGIN');
  const size = (): number =>
    Number(
      database.prepare('SELECT page_count * page_size bytes FROM pragma_page_count, pragma_page_size').get()?.['bytes'],
    );
  for (let table = 0; table < 10; table += 1) {
    database.exec(`CREATE TABLE events_${table} (id INTEGER PRIMARY KEY, at REAL, actor TEXT, note TEXT, body BLOB)`);
    const insert = database.prepare(
      `INSERT INTO events_${table} (at, actor, note, body)
       WITH RECURSIVE n(i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 1000)
       SELECT i * 0.37, 'user ' || (i % 97), CASE i % 3 WHEN 0 THEN NULL ELSE hex(randomblob(40)) END, randomblob(300) FROM n`,
    );
    while (size() < (megabytes * 1_000_000 * (table + 1)) / 10) insert.run();
  }
  database.exec('COMMIT');
  database.close();
}
