import { mkdirSync, symlinkSync } from 'node:fs';
import { join } from 'node:path';
import { buildPackages } from '../build.ts';
import type { SqliteJob } from '../job.ts';
import { writeSqlMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import { NotRun, type Scenario } from '../scenario.ts';
import { contender } from '../workplace.ts';

const MIGRATIONS = 10;

export const cli: Scenario = {
  name: 'cli',
  about: `A cold start of the command: \`detent status\` with ${MIGRATIONS} applied, beside Node doing nothing.`,
  async run({ workplace, rounds }) {
    if (!buildPackages('cli')) throw new NotRun('packages/cli does not build.');
    const program = join(import.meta.dirname, '../../packages/cli/dist/main.js');
    const project = workplace.folder('project');
    const folder = join(project, 'migrations');
    mkdirSync(folder);
    writeSqlMigrations(folder, MIGRATIONS);
    // The command looks for the adapter where the project has its packages.
    symlinkSync(join(import.meta.dirname, 'node_modules'), join(project, 'node_modules'), 'junction');
    const job: SqliteJob = {
      task: 'migrate',
      folder,
      database: join(project, 'app.db'),
      journalMode: 'wal',
      sync: 'end',
      backup: '',
    };
    const applied: Contestant = { name: 'Detent', ready: () => contender('detent', job) };
    await race([applied], 0);

    const nothing = (name: string): Contestant => ({ name, ready: () => ({ args: ['-e', '0'] }) });
    const status = (name: string, ...flags: string[]): Contestant => ({
      name,
      ready: () => ({ args: [program, 'status', '--url', 'sqlite:app.db', ...flags], cwd: project }),
    });
    const results = await race(
      [
        nothing('node -e 0'),
        nothing('node -e 0 again'),
        status('detent status'),
        status('detent status --json', '--json'),
      ],
      rounds,
    );
    return render({
      title: 'detent status',
      results,
      goals: [{ kind: 'ratio', of: 'detent status', to: 'node -e 0', atMost: 3 }],
    });
  },
};
