import { expect, test } from 'vitest';
import { DetentError } from '../errors.ts';
import type { LifecycleEvent, StepInfo } from '../events.ts';
import type { Manifest } from '../ports/backup.ts';
import type { MigrationResult } from '../result.ts';
import { drawing } from './drawing.ts';
import { TerminalRenderer } from './terminal.ts';

const step = (version: string, name: string): StepInfo => ({
  id: version,
  version,
  name,
  file: `V${version}_${name}.sql`,
  direction: 'up',
});

const nothing: MigrationResult = {
  success: true,
  runId: 'r',
  operation: 'migrate',
  executed: [],
  rolledBack: [],
  migrated: [],
  ignored: [],
  strategy: 'none',
  rollback: 'none-needed',
  errors: [],
  warnings: [],
  durationMs: 5,
};

const manifest: Manifest = {
  format: 'detent-backup-1',
  adapter: 'sqlite',
  product: 'SQLite',
  serverVersion: '3',
  path: 'a.backup',
  createdAt: 0,
  runId: 'r',
  bytes: 20_480,
  hash: 'sha256:0',
  fingerprint: 'sha256:0',
  objects: [],
  details: {},
};

const failed = (more: Partial<MigrationResult>): MigrationResult => ({
  ...nothing,
  success: false,
  failed: { ...step('2', 'b'), error: new DetentError('STATEMENT_FAILED', 'It was refused.'), undone: true },
  errors: [new DetentError('STATEMENT_FAILED', 'It was refused.')],
  ...more,
});

function draw(result: MigrationResult, events: readonly LifecycleEvent[] = []): string {
  const screen = drawing();
  const renderer = new TerminalRenderer({ out: screen, err: screen });
  for (const event of events) renderer.hear(event);
  renderer.drawExecuted(result);
  return screen.text();
}

test('a run is a headline, an aligned line for each migration, and a sentence', () => {
  const steps = [step('1', 'users'), step('20', 'a_longer_name')];
  const plan = {
    kind: 'steps',
    operation: 'migrate',
    migrated: [],
    ignored: [],
    missing: [],
    ahead: [],
    problems: [],
    warnings: [],
  } as const;
  const planned = steps.map((info) => ({ info, file: null, entry: null, reason: 'pending' }) as const);
  const events = steps.flatMap((info, index): LifecycleEvent[] => [
    { kind: 'step-started', step: info, index, count: 2, statements: 1, done: 0 },
    { kind: 'statement-finished', step: info, done: 1, total: 1, rows: index === 0 ? null : 1_200 },
    { kind: 'step-finished', step: info, durationMs: 12, result: null },
  ]);
  const text = draw(nothing, [
    { kind: 'run-started', runId: 'r', operation: 'migrate', target: 'app.db' },
    { kind: 'planned', plan: { ...plan, steps: planned } },
    ...events,
  ]);
  expect(text.split('\n').slice(0, 3)).toEqual([
    'Applying 2 migrations',
    '  ✓ 1       users             12 ms  1 statement',
    '  ✓ 20      a_longer_name     12 ms  1 statement, 1,200 rows',
  ]);
  expect(text).toContain('✓ Nothing to do: app.db is before the first migration, and there is no migration.');

  const withBackup = draw(nothing, [
    { kind: 'planned', plan: { ...plan, steps: planned } },
    { kind: 'backup-started', path: 'a.backup' },
    { kind: 'backup-finished', manifest, durationMs: 240 },
    ...events,
  ]);
  expect(withBackup.split('\n').slice(1, 4)).toEqual([
    '  ✓ backup  made and verified    240 ms  20.0 KiB',
    '  ✓ 1       users                 12 ms  1 statement',
    '  ✓ 20      a_longer_name         12 ms  1 statement, 1,200 rows',
  ]);
});

test.each([
  [
    'nothing of it stands',
    {},
    'as it was before this run',
    '1 STATEMENT_FAILED: failed, and the database is back where it was',
  ],
  [
    'it was rolled back',
    { rollback: 'complete', rolledBack: [step('1', 'a')] },
    'as it was before this run',
    '1 STATEMENT_FAILED',
  ],
  [
    'it was not rolled back',
    { rollback: 'incomplete' },
    'between two versions',
    '5 STATEMENT_FAILED: not completely rolled back',
  ],
  [
    'the restore was blocked',
    { rollback: 'blocked', backup: { path: '/b', kept: true } },
    'would lose rows',
    '5 STATEMENT_FAILED',
  ],
] as const)('after a failure of which %s, it is said', (_, more, state, exit) => {
  const text = draw(failed(more)).replace(/\s+/g, ' ');
  expect(text).toContain(state);
  expect(text).toContain(exit);
});

test.each([
  ['LOCK_HELD', 'Nothing ran.', 'Exit code 3'],
  ['CHECKSUM', 'Nothing ran.', 'Exit code 4'],
  ['LOCK_LOST', 'Nothing of this run stands.', 'Exit code 75'],
  ['CONNECTION', 'Nothing of this run stands.', 'Exit code 69'],
  ['UNKNOWN_STATE', 'Settle this first.', 'Exit code 5'],
  ['CANCELLED', 'as it was before this run. ', 'Exit code 1'],
] as const)('%s says what state the database is in', (code, state, exit) => {
  const { failed: _, ...refused } = failed({ errors: [new DetentError(code, 'So it is.', { hint: 'Do that.' })] });
  const text = draw(refused).replace(/\s+/g, ' ');
  for (const part of ['So it is.', 'Do that.', state, exit]) expect(text).toContain(part);
});

test('an error after the first one is told as what came of it', () => {
  const text = draw(
    failed({
      rollback: 'incomplete',
      errors: [new DetentError('STATEMENT_FAILED', 'First.'), new DetentError('DOWN_FAILED', 'Second.')],
    }),
  );
  expect(text).toMatch(/First\.[^]*on the way back:[^]*Second\./);
});

test('a warning is told once', () => {
  expect(draw({ ...nothing, warnings: ['Mind this.', 'Mind this.'] }).match(/Mind this/g)).toHaveLength(1);
});

test('a migration that goes on counts from where an earlier run stopped', () => {
  const info = step('1', 'a');
  const error = new DetentError('STATEMENT_FAILED', 'Refused.');
  const text = draw(nothing, [
    { kind: 'step-started', step: info, index: 0, count: 1, statements: 4, done: 2 },
    { kind: 'step-failed', step: info, error, undone: false, statement: null },
  ]);
  expect(text).toContain('failed at statement 3 of 4');
});

test('a script of which the server refuses all for one statement failed at that one', () => {
  const info = step('1', 'a');
  const error = new DetentError('STATEMENT_FAILED', 'Refused.');
  const text = draw(nothing, [
    { kind: 'step-started', step: info, index: 0, count: 1, statements: 4, done: 0 },
    { kind: 'step-failed', step: info, error, undone: true, statement: 4 },
  ]);
  expect(text).toContain('failed at statement 4 of 4');
});

test('rows of a transaction that was taken back and begun again count once', () => {
  const info = step('1', 'a');
  const finished = (done: number): LifecycleEvent => ({
    kind: 'statement-finished',
    step: info,
    done,
    total: 2,
    rows: 1_000,
  });
  const text = draw(nothing, [
    { kind: 'step-started', step: info, index: 0, count: 1, statements: 2, done: 0 },
    finished(1),
    finished(1),
    finished(2),
    { kind: 'step-finished', step: info, durationMs: 5, result: null },
  ]);
  expect(text).toContain('2 statements, 2,000 rows');
});

test('a statement that takes long shows how far the server is', () => {
  const screen = drawing(120, true);
  const renderer = new TerminalRenderer({ out: screen, err: screen });
  const info = step('1', 'a');
  renderer.hear({ kind: 'step-started', step: info, index: 0, count: 1, statements: 2, done: 0 });
  renderer.hear({ kind: 'statement-advanced', step: info, phase: 'building index: scanning table', percent: 42 });
  renderer.drawLog('a line');
  renderer.hear({ kind: 'statement-finished', step: info, done: 1, total: 2, rows: null });
  renderer.drawLog('another line');
  const [, shown, gone] = screen
    .text()
    .split('\u001b[2K')
    .filter((text) => text.includes('statement'));
  expect(shown).toMatch(/0\/2 statements . 42 % building index: scanning table\s*$/);
  expect(gone).toMatch(/1\/2 statements\s*$/);
});

test('a live line is taken away before something lasting is written', () => {
  const screen = drawing(80, true);
  const renderer = new TerminalRenderer({ out: screen, err: screen });
  renderer.hear({ kind: 'step-started', step: step('1', 'a'), index: 0, count: 1, statements: 3, done: 0 });
  renderer.drawLog('a line');
  renderer.hear({ kind: 'step-finished', step: step('1', 'a'), durationMs: 1, result: null });
  const lines = screen.text().split('\n');
  expect(lines[0]?.endsWith('\u001b[2Ka line')).toBe(true);
  expect(lines[1]).toContain('\u001b[2K  ✓ 1');
});

test('in a log a wait for the lock is a line at once, and not one for every look', () => {
  const holder = { runId: 'o', username: 'anna', host: 'one', pid: 7, since: 0, token: 1, heartbeat: '1' };
  const text = draw(
    nothing,
    [3, 60, 140, 900, 1_700].map((waitedMs): LifecycleEvent => ({ kind: 'lock-waiting', holder, waitedMs })),
  );
  expect(text.split('\n').filter((line) => line.includes('waiting'))).toEqual([
    '  ▸ waiting for the lock of anna on one (process 7), 3 ms',
  ]);
});
