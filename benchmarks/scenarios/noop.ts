import { join } from 'node:path';
import type { Goal } from '../goal.ts';
import type { SqliteJob } from '../job.ts';
import { checkMigrated, writeSqlMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario, ScenarioSettings } from '../scenario.ts';
import { contender } from '../workplace.ts';

const PEERS = ['umzug', 'typeorm', 'kysely'] as const;

export const noop: Scenario = {
  name: 'noop',
  about: 'A start at which everything is applied already. Peers neither read nor hash the files.',
  async run(settings) {
    const sizes = settings.size === null ? [1_000, 10_000] : [settings.size];
    const sections: string[] = [];
    for (const size of sizes) sections.push(await runSize(settings, size));
    return sections.join('\n');
  },
};

async function runSize({ workplace, rounds }: ScenarioSettings, size: number): Promise<string> {
  const folder = workplace.folder(`migrations-${size}`);
  writeSqlMigrations(folder, size);
  const databases = workplace.folder(`databases-${size}`);
  const contestant = (name: string, program: string): Contestant => {
    const job: SqliteJob = {
      task: 'migrate',
      folder,
      database: join(databases, `${program}.db`),
      journalMode: 'wal',
      sync: 'end',
      backup: '',
    };
    let isFirst = true;
    return {
      name,
      ready: () => contender(program, job),
      check(count) {
        if (isFirst && count !== 0) checkMigrated(job.database, size);
        else if (count !== 0) throw new Error(`${name} applied ${count} again.`);
        isFirst = false;
      },
    };
  };
  const peers = PEERS.map((name) => contestant(name, name));
  const contestants = [
    contestant('floor', 'floor'),
    contestant('floor again', 'floor'),
    contestant('Detent', 'detent'),
    ...peers,
  ];
  return render({
    title: `No-op start, ${size} applied`,
    results: await race(contestants, rounds),
    goals: goals(size),
  });
}

function goals(size: number): readonly Goal[] {
  if (size <= 1_000) return [{ kind: 'ratio', of: 'Detent', to: 'floor', atMost: 1.25 }];
  return [
    { kind: 'time', of: 'Detent', underMs: 300 },
    { kind: 'memory', of: 'Detent', underMb: 120 },
  ];
}
