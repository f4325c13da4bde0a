import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { BUNDLE, repository } from './fixtures/runner.ts';

test('the committed bundle is what `pnpm bundle` makes of the sources', { timeout: 60_000 }, () => {
  const folder = mkdtempSync(join(tmpdir(), 'detent-bundle-'));
  try {
    const { status, stdout, stderr } = spawnSync('pnpm', ['run', 'bundle'], {
      cwd: join(import.meta.dirname, '..'),
      encoding: 'utf8',
      env: { ...process.env, TEST_BUNDLE_FOLDER: folder },
    });
    expect(status, stdout + stderr).toBe(0);
    const isFresh = readFileSync(join(folder, 'index.cjs')).equals(readFileSync(BUNDLE));
    expect(isFresh, 'Run `pnpm bundle` in the root and commit dist/index.cjs.').toBe(true);
  } finally {
    rmSync(folder, { recursive: true, force: true });
  }
});

test('the bundle is one file of less than 3 MB', () => {
  expect(readdirSync(dirname(BUNDLE))).toEqual(['index.cjs']);
  expect(statSync(BUNDLE).size).toBeLessThan(3_000_000);
});

/** Says at the end which parts of the bundle were compiled, and which modules of Node were loaded. */
const WATCH = `const vm = require('node:vm');
const { compileFunction } = vm;
const parts = [];
vm.compileFunction = (code, parameters, options) => {
  parts.push(options.filename.replace(/^.*\\//, ''));
  return compileFunction(code, parameters, options);
};
process.on('exit', () => require('node:fs').writeFileSync('loaded.json', JSON.stringify([...parts, ...process.moduleLoadList])));
`;

test('a start takes what it needs of the bundle, and nothing of other databases or of the network', async () => {
  const { run, folder } = repository({
    'migrations/V1_create_items.sql': 'CREATE TABLE items (id integer);\n',
    'watch.cjs': WATCH,
  });
  const loadedBy = async (command: string): Promise<readonly string[]> => {
    await run({
      with: { command, url: 'sqlite:app.db' },
      env: { NODE_OPTIONS: `--require ${join(folder, 'watch.cjs')}` },
    });
    return JSON.parse(readFileSync(join(folder, 'loaded.json'), 'utf8')) as readonly string[];
  };
  const unwanted =
    /mysql2|mongo|bson|^client|^lib\.|^lifecycle|NativeModule (?:http|https|tls|zlib|child_process|worker_threads)$|undici/u;
  const status = await loadedBy('status');
  expect(status.filter((name) => unwanted.test(name))).toEqual([]);
  expect(status).toContain('NativeModule sqlite');
  const refused = await loadedBy('stat');
  expect(refused.filter((name) => unwanted.test(name) || name === 'NativeModule sqlite' || name === 'run.cjs')).toEqual(
    [],
  );
});
