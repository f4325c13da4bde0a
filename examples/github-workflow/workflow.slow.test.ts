import { globSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { parse } from 'yaml';
import { repository } from '@detent/github-action/runner';

interface Workflow {
  readonly jobs: Readonly<
    Record<string, { readonly steps: readonly { readonly uses: string; readonly with?: Record<string, string> }[] }>
  >;
}

const files = globSync(['detent.config.json', 'migrations/*'], { cwd: import.meta.dirname });
const contents = Object.fromEntries(files.map((file) => [file, readFileSync(join(import.meta.dirname, file), 'utf8')]));
const { jobs } = parse(readFileSync(join(import.meta.dirname, '.github/workflows/migrations.yml'), 'utf8')) as Workflow;

/** What the job gives to the action, with the secrets of the repository in it. */
function inputsOf(job: string, secrets: Readonly<Record<string, string>> = {}): Record<string, string> {
  const step = jobs[job]?.steps.find(({ uses }) => uses.includes('github-action'));
  const given = Object.entries(step?.with ?? {});
  return Object.fromEntries(
    given.map(([name, value]) => [
      name,
      value.replace(/\$\{\{ secrets\.(\w+) \}\}/gu, (_, secret: string) => secrets[secret] ?? ''),
    ]),
  );
}

test('the workflow checks a pull request of a fork, and applies on a push', { timeout: 60_000 }, async () => {
  const { run, folder } = repository(contents);
  const check = await run({ with: inputsOf('check'), event: 'pull_request', fork: true });
  expect({ code: check.code, ...check.outputs }).toMatchObject({
    code: 0,
    status: 'ok',
    'applied-count': '2',
    'reverted-count': '2',
  });
  const deploy = await run({ with: inputsOf('deploy', { DATABASE_URL: 'sqlite:production.db' }) });
  expect({ code: deploy.code, ...deploy.outputs }).toMatchObject({
    code: 0,
    status: 'ok',
    'current-version': '202601061000',
  });
  const database = new DatabaseSync(join(folder, 'production.db'));
  expect(database.prepare('SELECT author FROM notes').all()).toEqual([]);
  database.close();
});
