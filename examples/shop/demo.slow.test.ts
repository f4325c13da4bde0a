import { spawnSync } from 'node:child_process';
import { mkdtempSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

const parent = mkdtempSync(join(tmpdir(), 'detent-shop-'));
const folder = join(parent, 'shop');
/** The schema and five tables, compared twice. */
const COMPARED = 12;

afterAll(() => rmSync(parent, { recursive: true, force: true }));

function run(command: string, args: readonly string[]): { code: number | null; text: string } {
  const { status, stdout, stderr } = spawnSync(command, args, {
    encoding: 'utf8',
    env: { ...process.env, NO_COLOR: '1', FORCE_COLOR: undefined },
  });
  return { code: status, text: stdout + stderr };
}

function demo(into: string): { code: number | null; text: string } {
  return run(process.execPath, ['--conditions=source', join(import.meta.dirname, 'demo.ts'), into]);
}

describe('the demo', () => {
  let played: { code: number | null; text: string };

  beforeAll(() => {
    played = demo(folder);
  });

  test('it ends well and has shown every step', () => {
    expect(played.text).not.toContain('did not go as told');
    expect(played.code).toBe(0);
    for (const command of ['status', 'plan', 'up', 'up --rollback both', 'down', 'history', 'verify']) {
      expect(played.text).toContain(`$ detent ${command}`);
    }
  });

  test('a run that failed left schema and rows as they were', () => {
    expect(played.text).toContain('UNIQUE constraint failed: customers.phone');
    expect(played.text.match(/ same$/gm)).toHaveLength(COMPARED);
    expect(played.text).not.toContain(' differs');
  });

  test('F72 child rows survive the table rebuild', () => {
    expect(played.text).toMatch(/orders +6000 → 6000/);
  });

  test('what it says fits into 80 columns', () => {
    const own = played.text.split('\n').filter((line) => /^[─A-Z]/u.test(line) && !line.includes(folder));
    expect(own.length).toBeGreaterThan(10);
    expect(own.filter((line) => line.length > 80)).toEqual([]);
  });

  test('the folder it leaves has a command that works', () => {
    expect(readdirSync(folder)).toEqual(expect.arrayContaining(['detent', 'detent.cmd', 'migrations', 'shop.db']));
    const launcher = process.platform === 'win32' ? 'detent.cmd' : 'detent';
    const status = run(join(folder, launcher), ['status', '--json']);
    expect(status.code).toBe(0);
    expect(JSON.parse(status.text)).toMatchObject({ version: '202603021000', counts: { applied: 7, pending: 0 } });
  });

  test('it makes its own folder anew', { timeout: 120_000 }, () => {
    writeFileSync(join(folder, 'left-over'), '');
    expect(demo(folder).code).toBe(0);
    expect(readdirSync(folder)).not.toContain('left-over');
  });
});

test('a folder that the demo did not make is left alone', () => {
  const other = mkdtempSync(join(parent, 'other-'));
  writeFileSync(join(other, 'mine'), 'keep');
  const { code, text } = demo(other);
  expect(code).toBe(1);
  expect(text).toContain('was not made by this demo');
  expect(readdirSync(other)).toEqual(['mine']);
});
