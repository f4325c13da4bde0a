import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { must, packAll, root, run, type Outcome } from './workspace.ts';

/** What a user installs; conformance is for authors of adapters and would bring vitest along. */
const INSTALLED = ['@detent/core', '@detent/sql', '@detent/sqlite', '@detent/cli'];

// CI sets DETENT_TEST_NODE to each supported Node; the repository's own comes first otherwise.
const nodeFolder = dirname(process.env['DETENT_TEST_NODE'] ?? process.execPath);

const env: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([key]) => !/^(npm_(?!config_)|pnpm_|detent_|vitest|node_options|node_env|database_url)/i.test(key),
  ),
);
env['PATH'] = [nodeFolder, process.env['PATH']].join(delimiter);

let project = '';
const inProject = (command: string, ...args: string[]): Outcome => run(command, args, { cwd: project, env });
const write = (path: string, text: string): void => writeFileSync(join(project, path), text);

beforeAll(() => {
  project = mkdtempSync(join(tmpdir(), 'detent-consumer-'));
  must('pnpm', ['build']);
  const tarballs = packAll(join(project, 'tarballs'));
  const paths = INSTALLED.map((name) => tarballs.get(name) ?? `${name} was not packed`);
  write('package.json', JSON.stringify({ name: 'consumer', private: true, type: 'module' }));
  must('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...paths, '@types/node@22'], {
    cwd: project,
    env,
  });

  mkdirSync(join(project, 'migrations'));
  write(
    'migrations/V1_create_users.sql',
    '-- detent:up\ncreate table users (id integer primary key, name text not null);\n-- detent:down\ndrop table users;\n',
  );
  write(
    'migrations/V2_add_ada.ts',
    `import { defineMigration } from '@detent/sqlite';

export default defineMigration({
  async up(db) {
    await db.exec("insert into users (name) values ('Ada')");
    return 'Added 1 user';
  },
  async down(db) {
    await db.exec("delete from users where name = 'Ada'");
  },
});
`,
  );
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

test('the installed command answers with its version', () => {
  const { status, stdout, output } = inProject('npx', 'detent', '--version');
  expect(status, output).toBe(0);
  expect(stdout.trim()).toMatch(/^(detent )?\d+\.\d+\.\d+/);
});

test('the installed command applies an SQL and a TypeScript migration', () => {
  const up = inProject('npx', 'detent', 'up', '--url', 'sqlite:app.db');
  expect(up.output).toContain('add_ada');
  expect(up.status).toBe(0);

  const status = inProject('npx', 'detent', 'status', '--json', '--url', 'sqlite:app.db');
  expect(status.status, status.output).toBe(0);
  expect(JSON.stringify(JSON.parse(status.stdout))).toContain('create_users');

  const rows = `const { DatabaseSync } = await import('node:sqlite'); console.log(JSON.stringify(new DatabaseSync('app.db').prepare('select name from users').all()))`;
  expect(inProject('node', '--no-warnings', '--input-type=module', '-e', rows).stdout.trim()).toBe('[{"name":"Ada"}]');
});

test('the installed command needs nothing from this repository', () => {
  expect(inProject('npm', 'ls', '--all', '--parseable').output).not.toContain(join(root, 'packages'));
});

test.each([
  ['nodenext', 'nodenext'],
  ['bundler', 'esnext'],
])('a consumer type-checks under moduleResolution %s', (moduleResolution, module) => {
  write(
    'consumer.ts',
    `import { MigrationScriptExecutor, defineConfig, type MigrationResult } from '@detent/core';
import { sqlite } from '@detent/sqlite';

export const config = defineConfig({ adapter: sqlite({ url: 'sqlite:app.db' }), migrations: 'migrations' });

const executor = new MigrationScriptExecutor({ adapter: sqlite({ url: 'sqlite:app.db' }), migrations: 'migrations', rollback: 'down' });
const result: MigrationResult = await executor.migrate();
export const done: boolean = result.success;
await executor.close();
`,
  );
  write(
    'tsconfig.json',
    JSON.stringify({
      compilerOptions: {
        module,
        moduleResolution,
        target: 'es2024',
        lib: ['es2024', 'esnext.disposable'],
        types: ['node'],
        strict: true,
        exactOptionalPropertyTypes: true,
        noEmit: true,
      },
      include: ['consumer.ts', 'migrations'],
    }),
  );
  const { status, output } = inProject(join(root, 'node_modules/.bin/tsc'), '-p', '.');
  expect(output).toBe('');
  expect(status).toBe(0);
});
