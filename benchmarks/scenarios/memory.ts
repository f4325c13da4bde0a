import { join } from 'node:path';
import type { SqliteJob } from '../job.ts';
import { writeSqlMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { contender, removeDatabase } from '../workplace.ts';

export const memory: Scenario = {
  name: 'memory',
  about: 'Peak memory while 10,000 are applied in one run, and at the next start, when there is nothing to do.',
  async run({ workplace, rounds, size }) {
    const count = size ?? 10_000;
    const folder = workplace.folder('migrations');
    writeSqlMigrations(folder, count);
    const databases = workplace.folder('databases');
    const contestant = (program: string, name: string, expected: number): Contestant => {
      const job: SqliteJob = {
        task: 'migrate',
        folder,
        database: join(databases, `${name}.db`),
        journalMode: 'wal',
        sync: 'end',
        backup: '',
      };
      return {
        name,
        ready() {
          if (expected > 0) removeDatabase(job.database);
          return contender(program, job);
        },
        check(done) {
          if (done !== expected) throw new Error(`${name} applied ${done}, not ${expected}.`);
        },
      };
    };
    const field = (expected: number): Contestant[] => [
      contestant('floor', 'floor', expected),
      contestant('floor', 'floor again', expected),
      contestant('detent', 'Detent', expected),
    ];
    // Once each: a run of minutes says the same every time, and what it leaves is what the next start finds.
    const applied = render({
      title: `Apply ${count}`,
      results: await race(field(count), Math.min(rounds, 1)),
      goals: [],
    });
    const results = await race(field(0), rounds);
    return `${applied}\n${render({ title: `Start with ${count} applied`, results, goals: [{ kind: 'memory', of: 'Detent', underMb: 120 }] })}`;
  },
};
