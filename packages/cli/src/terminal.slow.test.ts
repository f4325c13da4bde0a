import { spawnSync } from 'node:child_process';
import { expect, test } from 'vitest';
import { project, SHOP } from './harness.ts';

const ESCAPE = '\u001b';

test('piped output has no colours and no line that is drawn again', () => {
  const { output } = project(SHOP).detent('up');
  expect(output).not.toContain(ESCAPE);
  expect(output).not.toContain('\r');
});

test('colours are forced by FORCE_COLOR', () => {
  expect(project(SHOP).detentIn({ env: { FORCE_COLOR: '1' } }, 'status').stdout).toContain(ESCAPE);
});

test('NO_COLOR takes every colour away', () => {
  const { detentIn } = project(SHOP);
  for (const args of [['status'], ['plan'], ['up'], ['doctor'], ['--help'], ['stauts']])
    expect(detentIn({ env: { NO_COLOR: '1' } }, ...args).output).not.toContain(ESCAPE);
});

test.each([[{ TERM: 'dumb' }], [{ LANG: 'C' }], [{ LC_ALL: 'de_DE.ISO-8859-1' }]])(
  'where %j, every character is ASCII',
  (env) => {
    const { detentIn } = project(SHOP);
    for (const args of [['status'], ['plan'], ['up'], ['doctor']]) {
      // eslint-disable-next-line no-control-regex -- the range of ASCII
      expect(detentIn({ env }, ...args).output).toMatch(/^[\x00-\x7f]*$/);
    }
  },
);

test('a reader that leaves early stops no run', () => {
  const { folder, detent } = project(SHOP);
  const main = `${import.meta.dirname}/main.ts`;
  const script = `'${process.execPath}' --conditions=source '${main}' up | true; echo \${PIPESTATUS[0]}`;
  const { stdout, stderr } = spawnSync('bash', ['-c', script], { cwd: folder, encoding: 'utf8' });
  expect(stdout.trim()).toBe('0');
  expect(stderr).toBe('');
  expect(detent('status').stdout).toContain('2 applied');
});

test('a name or a message may not steer the terminal', () => {
  const { detent } = project({
    'migrations/V1_evil.js': `export function up() { throw new Error('\\u001b[2J\\u0007gone'); }`,
  });
  const { output, code } = detent('up');
  expect(code).toBe(1);
  expect(output).not.toContain(ESCAPE);
  expect(output).toContain('gone');
});

test("Node's own news of its SQLite and its type stripping are not shown", () => {
  expect(
    project({ ...SHOP, 'detent.config.ts': "export default { url: 'sqlite:app.db' };" }, false).detent('status').stderr,
  ).toBe('');
});
