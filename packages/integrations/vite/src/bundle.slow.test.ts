import { spawnSync } from 'node:child_process';
import { copyFileSync, existsSync, mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { DatabaseSync } from 'node:sqlite';
import { expect, test } from 'vitest';
import { MigrationScriptExecutor } from '@detent/core';
import { sqlite } from '@detent/sqlite';
import { application } from './fixtures/application.ts';

const FILES = {
  'migrations/V1_create_items.sql':
    '-- detent:up\r\nCREATE TABLE items (id integer PRIMARY KEY, name text);\r\n-- detent:down\r\nDROP TABLE items;\r\n',
  'migrations/V2_add_lamp.ts': `interface Database { exec(sql: string): void }
export const up = (db: Database): void => db.exec("INSERT INTO items (name) VALUES ('lamp')");
export const down = (db: Database): void => db.exec("DELETE FROM items WHERE name = 'lamp'");
`,
  'migrations/V3_add_chair.up.sql': "INSERT INTO items (name) VALUES ('chair');\n",
  'migrations/V3_add_chair.down.sql': "DELETE FROM items WHERE name = 'chair';\n",
  'migrations/R__names.sql': 'DROP VIEW IF EXISTS names;\nCREATE VIEW names AS SELECT name FROM items;\n',
  'server.ts': `import { MigrationScriptExecutor } from '@detent/core';
import { sqlite } from '@detent/sqlite';
import migrations from 'virtual:detent/migrations';

async function main(): Promise<void> {
  await using executor = new MigrationScriptExecutor({ adapter: sqlite({ url: 'sqlite:app.db' }), migrations });
  const { success, executed, errors } = await executor.migrate();
  console.log(JSON.stringify({ success, executed: executed.map(({ id }) => id), errors }));
}
void main();
`,
};

test.each(['vite', 'vite-7'] as const)(
  'a bundle of %s applies its migrations in an empty folder, as the folder itself would have',
  { timeout: 60_000 },
  async (vite) => {
    await using app = application(FILES);
    app.build(vite);
    expect(existsSync(join(app.root, 'never.db'))).toBe(false);
    expect(readdirSync(join(app.root, 'dist'))).toEqual(['server.js']);
    const empty = mkdtempSync(join(tmpdir(), 'detent-bundle-'));
    try {
      copyFileSync(join(app.root, 'dist/server.js'), join(empty, 'server.mjs'));
      const run = (): unknown => {
        const { stdout, stderr } = spawnSync(process.execPath, ['--no-warnings', 'server.mjs'], {
          cwd: empty,
          encoding: 'utf8',
        });
        expect(stderr).toBe('');
        return JSON.parse(stdout);
      };
      expect(run()).toEqual({ success: true, executed: ['1', '2', '3', 'R__names'], errors: [] });
      expect(run()).toEqual({ success: true, executed: [], errors: [] });
      using database = { at: new DatabaseSync(join(empty, 'app.db')), [Symbol.dispose]: () => database.at.close() };
      expect(
        database.at
          .prepare('SELECT name FROM names')
          .all()
          .map((row) => row['name']),
      ).toEqual(['lamp', 'chair']);

      await using executor = new MigrationScriptExecutor({
        adapter: sqlite({ url: `sqlite:${join(empty, 'app.db')}` }),
        migrations: join(app.root, 'migrations'),
      });
      expect(await executor.migrate()).toMatchObject({ success: true, executed: [], warnings: [] });
    } finally {
      rmSync(empty, { recursive: true, force: true });
    }
  },
);

test('a folder with a mistake in it fails the build, which names the file', { timeout: 60_000 }, async () => {
  await using app = application({ ...FILES, 'migrations/add_more.sql': 'SELECT 1;\n' });
  expect(() => app.build('vite')).toThrow('add_more.sql is not a migration');
});

test('a bundle for browsers gets no migrations', { timeout: 60_000 }, async () => {
  await using app = application({
    ...FILES,
    'main.js': "import migrations from 'virtual:detent/migrations';\nconsole.log(migrations);\n",
  });
  expect(() => app.build('vite', 'browser')).toThrow('belongs on the server');
});
