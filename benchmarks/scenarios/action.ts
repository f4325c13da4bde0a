import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { SqliteJob } from '../job.ts';
import { writeSqlMigrations } from '../migrations.ts';
import { race, type Contestant } from '../race.ts';
import { render } from '../report.ts';
import type { Scenario } from '../scenario.ts';
import { contender } from '../workplace.ts';

const MIGRATIONS = 10;
const BUNDLE = join(import.meta.dirname, '../../packages/integrations/github-action/dist/index.cjs');

export const action: Scenario = {
  name: 'action',
  about: `A start of the GitHub Action as its runner starts it: \`status\` with ${MIGRATIONS} applied on SQLite, and inputs that are refused, beside Node doing nothing.`,
  async run({ workplace, rounds }) {
    const project = workplace.folder('action');
    const folder = join(project, 'migrations');
    mkdirSync(folder);
    writeSqlMigrations(folder, MIGRATIONS);
    const files = ['event.json', 'output', 'summary.md'].map((name) => join(project, name));
    const [event = '', output = '', summary = ''] = files;
    const job: SqliteJob = {
      task: 'migrate',
      folder,
      database: join(project, 'app.db'),
      journalMode: 'wal',
      sync: 'end',
      backup: '',
    };
    await race([{ name: 'Detent', ready: () => contender('detent', job) }], 0);

    const nothing = (name: string): Contestant => ({ name, ready: () => ({ args: ['-e', '0'] }) });
    const step = (name: string, command: string, code: number): Contestant => ({
      name,
      ready: () => {
        for (const file of files) writeFileSync(file, '');
        writeFileSync(event, JSON.stringify({ repository: { full_name: 'acme/shop' }, ref: 'refs/heads/main' }));
        return {
          args: [BUNDLE],
          cwd: project,
          code,
          env: {
            GITHUB_ACTIONS: 'true',
            GITHUB_WORKSPACE: project,
            GITHUB_REPOSITORY: 'acme/shop',
            GITHUB_EVENT_NAME: 'push',
            GITHUB_EVENT_PATH: event,
            GITHUB_OUTPUT: output,
            GITHUB_STEP_SUMMARY: summary,
            INPUT_COMMAND: command,
            INPUT_URL: 'sqlite:app.db',
          },
        };
      },
    });
    const status = 'action, status';
    const results = await race(
      [
        nothing('node -e 0'),
        nothing('node -e 0 again'),
        step(status, 'status', 0),
        step('action, refused inputs', 'x', 64),
      ],
      rounds,
    );
    return render({
      title: 'GitHub Action',
      results,
      goals: [{ kind: 'ratio', of: status, to: 'node -e 0', atMost: 3 }],
    });
  },
};
