import { join } from 'node:path';
import type { Goal } from '../goal.ts';
import type { Job } from '../job.ts';
import { checkMigrated, writeSqlMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { contender, removeDatabase } from '../workplace.ts';

const PEERS = ['umzug', 'typeorm', 'kysely'] as const;

export const apply: Scenario = {
  name: 'apply',
  about: 'Small migrations on a new database, one transaction each, every commit synced (synchronous = FULL).',
  async run({ workplace, rounds, size }) {
    const count = size ?? 1_000;
    const folder = workplace.folder('migrations');
    writeSqlMigrations(folder, count);
    const sections: string[] = [];
    for (const journalMode of ['wal', 'delete'] as const) {
      const databases = workplace.folder(journalMode);
      const contestant = (name: string, program: string): Contestant => {
        const database = join(databases, `${name}.db`);
        const job: Job = { task: 'migrate', folder, database, journalMode, backup: '' };
        return {
          name,
          ready() {
            removeDatabase(database);
            return contender(program, job);
          },
          check(done) {
            if (done !== count) throw new Error(`${name} applied ${done} of ${count}.`);
            checkMigrated(database, count);
          },
        };
      };
      const peers = PEERS.map((name) => contestant(name, name));
      const results = await race(
        [contestant('floor', 'floor'), contestant('floor again', 'floor'), contestant('Detent', 'detent'), ...peers],
        rounds,
      );
      sections.push(render({ title: `Apply ${count}, journal mode ${journalMode.toUpperCase()}`, results, goals: GOALS }));
    }
    return sections.join('\n');
  },
};

const GOALS: readonly Goal[] = [
  { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1.25 },
  ...PEERS.map((than): Goal => ({ kind: 'faster', of: 'Detent', than })),
];
