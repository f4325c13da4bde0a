import { join } from 'node:path';
import type { SqliteJob } from '../job.ts';
import { checkMigrated, writeSqlMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { contender, removeDatabase } from '../workplace.ts';

const MIGRATIONS = 20;

export const start64: Scenario = {
  name: 'start64',
  about: `Processes that start at one moment on one new database with ${MIGRATIONS} pending migrations. The floor is that many times \`node -e 0\`.`,
  async run({ workplace, rounds, size }) {
    const processes = size ?? 64;
    const folder = workplace.folder('migrations');
    writeSqlMigrations(folder, MIGRATIONS);
    const database = join(workplace.folder('database'), 'app.db');
    const job: SqliteJob = { task: 'migrate', folder, database, journalMode: 'wal', sync: 'end', backup: '' };
    const nothing = (name: string): Contestant => ({ name, processes, ready: () => ({ args: ['-e', '0'] }) });
    const detent: Contestant = {
      name: 'Detent',
      processes,
      ready() {
        removeDatabase(database);
        return contender('detent', job);
      },
      check(count) {
        if (count !== MIGRATIONS)
          throw new Error(`${count} migrations were applied by all together, not ${MIGRATIONS}.`);
        checkMigrated(database, MIGRATIONS);
      },
    };
    const results = await race([nothing('floor'), nothing('floor again'), detent], rounds);
    return render({ title: `${processes} processes at once`, results, goals: [] });
  },
};
