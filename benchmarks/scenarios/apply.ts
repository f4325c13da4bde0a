import { join } from 'node:path';
import type { Goal } from '../goal.ts';
import type { SqliteJob } from '../job.ts';
import { checkMigrated, writeSqlMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario, ScenarioSettings } from '../scenario.ts';
import { contender, removeDatabase } from '../workplace.ts';

const PEERS = ['umzug', 'typeorm', 'kysely'] as const;

/** In each of them all contestants give the same promise about a power cut. */
const MODES: readonly (Pick<SqliteJob, 'journalMode' | 'sync'> & { readonly title: string })[] = [
  { journalMode: 'wal', sync: 'end', title: 'WAL, synced at the end of the run' },
  { journalMode: 'wal', sync: 'each', title: 'WAL, every commit synced' },
  { journalMode: 'delete', sync: 'each', title: 'DELETE, every commit synced' },
];

const GOALS: readonly Goal[] = [
  { kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1.25 },
  ...PEERS.map((than): Goal => ({ kind: 'faster', of: 'Detent', than })),
];

export const apply: Scenario = {
  name: 'apply',
  about:
    'Small migrations on a new database, one transaction each. The first table is how Detent runs unless told otherwise.',
  async run(settings) {
    const count = settings.size ?? 1_000;
    const folder = settings.workplace.folder('migrations');
    writeSqlMigrations(folder, count);
    const sections: string[] = [];
    for (const mode of MODES) {
      const results = await race(contestants(settings, folder, count, mode), settings.rounds);
      sections.push(render({ title: `Apply ${count}, ${mode.title}`, results, goals: GOALS }));
    }
    return sections.join('\n');
  },
};

function contestants(
  { workplace }: ScenarioSettings,
  folder: string,
  count: number,
  { journalMode, sync }: Pick<SqliteJob, 'journalMode' | 'sync'>,
): Contestant[] {
  const databases = workplace.folder(`${journalMode}-${sync}`);
  const contestant = (name: string, program: string): Contestant => {
    const database = join(databases, `${name}.db`);
    const job: SqliteJob = { task: 'migrate', folder, database, journalMode, sync, backup: '' };
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
  return [contestant('floor', 'floor'), contestant('floor again', 'floor'), contestant('Detent', 'detent'), ...peers];
}
