import { expect, test } from 'vitest';
import { BROKEN, documentOf, project, SHOP } from './harness.ts';

// One process after another.
test('every command writes one document on stdout', { timeout: 120_000 }, () => {
  const { detent } = project(SHOP);
  const read = (...args: string[]): Record<string, unknown> => {
    const outcome = detent(...args, '--json');
    expect(outcome.code, `${args.join(' ')}\n${outcome.output}`).toBe(0);
    expect(outcome.stderr).toBe('');
    return documentOf(outcome);
  };
  expect(read('plan')).toMatchObject({
    kind: 'steps',
    steps: [{ id: '1', action: 'script', statements: [{ kind: 'ddl' }] }, { id: '2' }],
    problems: [],
  });
  expect(read('up', '--dry-run')).toMatchObject({ kind: 'steps' });
  expect(read('up')).toMatchObject({
    success: true,
    exitCode: 0,
    version: '2',
    executed: [{ id: '1', statements: 1 }, { id: '2' }],
    errors: [],
  });
  expect(read('status')).toMatchObject({
    version: '2',
    counts: { applied: 2, pending: 0, other: 0 },
    migrations: [{ id: '1', status: 'applied' }, { id: '2' }],
  });
  expect(read('history')).toHaveProperty('events.0.action', 'run-started');
  expect(read('validate')).toEqual({ valid: true, problems: [] });
  expect(read('verify')).toMatchObject({ valid: true, problems: [] });
  expect(read('backup', 'x.backup')).toMatchObject({
    success: true,
    exitCode: 0,
    backup: { format: 'detent-backup-1' },
  });
  expect(read('down')).toMatchObject({ success: true, version: '1', executed: [{ id: '2', direction: 'down' }] });
  expect(read('redo')).toMatchObject({ success: true, operation: 'redo' });
  expect(read('mark', '2', '--as', 'applied')).toMatchObject({ success: true, changes: [{ what: 'applied' }] });
  expect(read('repair')).toMatchObject({ success: true, changes: [] });
  expect(read('unlock')).toEqual({ removed: null });
  expect(read('restore', 'x.backup', '--confirm', 'app.db')).toMatchObject({
    success: true,
    changes: [{ what: 'restored' }],
  });
  expect(read('doctor')).toMatchObject({ healthy: true, exitCode: 0 });
  expect(read('config')).toHaveProperty('settings.url.from');
  expect(read('create', 'more')).toHaveProperty('created.0', expect.stringMatching(/_more\.sql$/));
});

test('a failed run is one document too', () => {
  const { detent } = project({ ...SHOP, 'migrations/V3_extra.sql': BROKEN });
  const outcome = detent('up', '--json');
  expect(outcome.code).toBe(1);
  expect(documentOf(outcome)).toMatchObject({
    success: false,
    exitCode: 1,
    failed: { id: '3', undone: true, error: { code: 'STATEMENT_FAILED' } },
    errors: [{ code: 'STATEMENT_FAILED', facts: { place: { file: 'V3_extra.sql', line: 3 } } }],
  });
});

test.each([
  [['stauts'], 64, 'USAGE'],
  [['up', '--too'], 64, 'USAGE'],
  [['up', '--url', 'nothing://x'], 64, 'CONFIG'],
  [['up', '--url', 'sqlite:none/app.db'], 69, 'CONNECTION'],
  [['status', '--url', 'sqlite:none/app.db'], 69, 'CONNECTION'],
  [['down', '--to', '0'], 4, 'CONFIRM'],
  [['up', '--to', '77'], 4, 'TARGET_UNKNOWN'],
])('the error of `detent %j` is one document', (args, exitCode, code) => {
  const { detent } = project(SHOP);
  const outcome = detent(...args, '--json');
  expect(outcome.code).toBe(exitCode);
  expect(documentOf(outcome)).toMatchObject({ success: false, exitCode, errors: [{ code }] });
});

test('with --verbose the progress is on stderr', () => {
  const { detent } = project(SHOP);
  const outcome = detent('up', '--json', '--verbose');
  expect(documentOf(outcome)).toMatchObject({ success: true });
  expect(outcome.stderr).toContain('Applying 2 migrations');
});

test('what a migration logs is not on stdout', () => {
  const { detent } = project({
    'migrations/V1_log.js': "export function up(db, info, { log }) { log.info('hello'); console.error('there'); }",
  });
  const outcome = detent('up', '--json');
  expect(documentOf(outcome)).toMatchObject({ success: true });
  expect(outcome.stderr).toContain('hello');
});
