import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import process from 'node:process';
import { expect, test } from 'vitest';
import { BUNDLE } from './fixtures/runner.ts';

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
