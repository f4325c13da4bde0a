import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { openConsumer, type Consumer } from './consumer.ts';
import { root, type Outcome } from './workspace.ts';

/** What a user installs; conformance is for authors of adapters and would bring vitest along. */
const INSTALLED = ['@detent/core', '@detent/sql', '@detent/sqlite', '@detent/cli'];

let project: Consumer;
const inProject = (command: string, ...args: string[]): Outcome => project.run(command, ...args);

beforeAll(() => {
  project = openConsumer(INSTALLED, ['@types/node@22'], 'module');
  project.write({
    'migrations/V1_create_users.sql':
      '-- detent:up\ncreate table users (id integer primary key, name text not null);\n-- detent:down\ndrop table users;\n',
    'migrations/V2_add_ada.ts': `import { defineMigration } from '@detent/sqlite';

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
  });
});

afterAll(() => project[Symbol.dispose]());

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
  project.write({
    'consumer.ts': `import { MigrationScriptExecutor, defineConfig, type MigrationResult } from '@detent/core';
import { sqlite } from '@detent/sqlite';

export const config = defineConfig({ adapter: sqlite({ url: 'sqlite:app.db' }), migrations: 'migrations' });

const executor = new MigrationScriptExecutor({ adapter: sqlite({ url: 'sqlite:app.db' }), migrations: 'migrations', rollback: 'down' });
const result: MigrationResult = await executor.migrate();
export const done: boolean = result.success;
await executor.close();
`,
    'tsconfig.json': JSON.stringify({
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
  });
  const { status, output } = inProject(join(root, 'node_modules/.bin/tsc'), '-p', '.');
  expect(output).toBe('');
  expect(status).toBe(0);
});
