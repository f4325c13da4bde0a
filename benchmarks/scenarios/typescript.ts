import { join } from 'node:path';
import type { SqliteJob } from '../job.ts';
import { writeTypeScriptMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { contender } from '../workplace.ts';

export const typescript: Scenario = {
  name: 'typescript',
  about:
    'Loading pending TypeScript migrations by Node itself: the floor is one `import()` after another, with the compile cache on.',
  async run({ workplace, rounds, size }) {
    const count = size ?? 1_000;
    const folder = workplace.folder('migrations');
    writeTypeScriptMigrations(folder, count);
    const database = join(workplace.folder('database'), 'app.db');
    const job: SqliteJob = { task: 'load', folder, database, journalMode: 'wal', sync: 'end', backup: '' };
    // Without another word, Node keeps its compile cache in the folder for temporary files.
    const contestants = (isCold: boolean): Contestant[] =>
      (['floor', 'floor again', 'Detent'] as const).map((name) => {
        const program = name === 'Detent' ? 'detent' : 'floor-import';
        const warm = workplace.folder('temporary');
        return {
          name,
          ready: () => contender(program, job, { TMPDIR: isCold ? workplace.folder('temporary') : warm }),
          check(loaded) {
            if (loaded !== count) throw new Error(`${name} loaded ${loaded} of ${count}.`);
          },
        };
      });
    const cold = await race(contestants(true), rounds);
    const warm = await race(contestants(false), rounds);
    return `${render({ title: `Load ${count}, first time`, results: cold, goals: [] })}\n${render({ title: `Load ${count}, again`, results: warm, goals: [] })}`;
  },
};
