import { existsSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { standInApi } from './fixtures/api.ts';
import { repository } from './fixtures/runner.ts';

const MIGRATIONS = {
  'migrations/V1_create_items.sql':
    '-- detent:up\nCREATE TABLE items (id integer PRIMARY KEY, name text);\n-- detent:down\nDROP TABLE items;\n',
  'migrations/V2_add_price.sql':
    '-- detent:up\nALTER TABLE items ADD COLUMN price integer;\n-- detent:down\nALTER TABLE items DROP COLUMN price;\n',
};
const BROKEN = {
  'migrations/V3_index.sql':
    '-- detent:up\nCREATE INDEX by_name\n  ON items (nmae);\n-- detent:down\nDROP INDEX by_name;\n',
};
const url = 'sqlite:app.db';

test('on a push, plan says what is pending, apply applies it, and down undoes it', { timeout: 60_000 }, async () => {
  const { run } = repository(MIGRATIONS);
  const plan = await run({ with: { command: 'plan', url } });
  expect(plan).toMatchObject({
    code: 0,
    annotations: [],
    outputs: {
      status: 'pending',
      'exit-code': '0',
      'applied-count': '0',
      'pending-count': '2',
      'current-version': '',
      'target-version': '2',
    },
  });
  expect(plan.summary).toContain('2 migrations pending.');
  const applied = await run({ with: { command: 'apply', url } });
  expect(applied).toMatchObject({
    code: 0,
    outputs: {
      status: 'ok',
      'applied-count': '2',
      'pending-count': '0',
      'reverted-count': '0',
      'current-version': '2',
      'target-version': '2',
    },
  });
  expect(JSON.parse(applied.outputs['json'] ?? '')).toMatchObject({
    command: 'apply',
    rows: [{ name: 'create_items', state: 'applied' }, { name: 'add_price' }],
  });
  expect(applied.summary).toContain('| <code>1</code> | <code>create&#95;items</code> | applied |');
  expect((await run({ with: { command: 'verify', url } })).outputs).toMatchObject({ status: 'ok', 'exit-code': '0' });
  const down = await run({ with: { command: 'down', url } });
  expect(down.outputs).toMatchObject({
    status: 'ok',
    'reverted-count': '1',
    'current-version': '1',
    'pending-count': '1',
  });
  expect((await run({ with: { command: 'status', url } })).outputs).toMatchObject({
    status: 'pending',
    'exit-code': '0',
  });
});

test('check goes up, down and up on a database of its own', { timeout: 60_000 }, async () => {
  const { run, folder } = repository(MIGRATIONS);
  const { code, outputs, summary } = await run({ with: { url } });
  expect({ code, ...outputs }).toMatchObject({ code: 0, status: 'ok', 'applied-count': '2', 'reverted-count': '2' });
  expect(summary).toContain('2 migrations applied on an empty database, undone, and applied again.');
  expect(summary).toContain('an empty database of its own');
  expect(existsSync(join(folder, 'app.db'))).toBe(false);
});

test('check finds a way back that leaves something', { timeout: 60_000 }, async () => {
  const half = {
    'migrations/V3_more.sql':
      '-- detent:up\nCREATE TABLE a (id integer);\nCREATE TABLE IF NOT EXISTS b (id integer);\n-- detent:down\nDROP TABLE a;\n',
  };
  const { code, outputs, annotations } = await repository({ ...MIGRATIONS, ...half }).run({ with: { url } });
  expect({ code, ...outputs }).toMatchObject({ code: 2, status: 'failed', 'exit-code': '2' });
  expect(annotations[0]?.message).toContain('The way back leaves another schema');
});

test('in a pull request there is one comment, which is written over', { timeout: 60_000 }, async () => {
  await using api = await standInApi();
  for (let id = 1; id <= 120; id += 1) api.comments.push({ id, body: `Looks good ${id}` });
  const { run, write } = repository(MIGRATIONS);
  const step = { with: { url }, event: 'pull_request', api } as const;
  expect(await run(step)).toMatchObject({ code: 0, annotations: [] });
  const [made] = api.comments.slice(120);
  expect(made?.body).toMatch(/^<!-- detent:default -->\n### Detent check — ✅ ok/u);
  write(BROKEN);
  expect(await run(step)).toMatchObject({ code: 1 });
  expect(api.comments).toHaveLength(121);
  expect(made?.body).toContain('❌ failed');
  await run({ ...step, with: { url, 'comment-key': 'reports' } });
  expect(api.comments).toHaveLength(122);
  await run({ ...step, with: { url, comment: 'false' } });
  expect(api.complaints).toEqual([]);
  expect(api.calls.map((call) => call.split(' ')[0])).toEqual([
    'GET',
    'GET',
    'POST',
    'GET',
    'GET',
    'PATCH',
    'GET',
    'GET',
    'POST',
  ]);
});

test('a failure is annotated at its line, from the root of the repository', { timeout: 60_000 }, async () => {
  const files = Object.entries({ ...MIGRATIONS, ...BROKEN }).map(([path, text]) => [`services/shop/${path}`, text]);
  const { run } = repository(Object.fromEntries(files) as Record<string, string>);
  const outcome = await run({ with: { command: 'apply', url, 'working-directory': 'services/shop' } });
  expect(outcome).toMatchObject({
    code: 1,
    outputs: { status: 'failed', 'exit-code': '1', 'applied-count': '2', 'current-version': '2' },
  });
  expect(outcome.annotations.filter(({ level }) => level === 'error')).toEqual([
    {
      level: 'error',
      properties: {
        file: 'services/shop/migrations/V3_index.sql',
        line: '3',
        col: '13',
        title: 'Detent: STATEMENT_FAILED',
      },
      message: 'SQLite refused the statement: no such column: nmae.\nDid you mean "name"?',
    },
  ]);
  expect(outcome.summary).toContain('3 |   ON items (nmae)'.replace('|', '│'));
  expect(outcome.summary).toContain('The database is at version 2: 2 steps of this run succeeded');
  expect(outcome.log).toContain('  services/shop/migrations/V3_index.sql:3:13');
  const plan = await run({ with: { command: 'plan', url, 'working-directory': 'services/shop' } });
  expect({ ...plan.outputs, summary: plan.summary }).toMatchObject({
    status: 'pending',
    'pending-count': '1',
    summary: expect.stringContaining('1 migration pending. At version <code>2</code>; the newest is <code>3</code>.'),
  });
  const misnamed = repository({ ...MIGRATIONS, 'migrations/add_more.sql': 'SELECT 1;\n' });
  const refused = await misnamed.run({ with: { command: 'apply', url } });
  expect(refused).toMatchObject({ code: 4, outputs: { status: 'refused', 'exit-code': '4' } });
  expect(refused.annotations[0]?.properties).toMatchObject({ file: 'migrations/add_more.sql' });
});

test('a pull request of a fork gets summary and annotations, and calls nobody', { timeout: 60_000 }, async () => {
  await using api = await standInApi();
  const { run } = repository({ ...MIGRATIONS, ...BROKEN });
  const outcome = await run({ with: { url }, event: 'pull_request', fork: true, api });
  expect(outcome.summary).toContain('❌ failed');
  expect(outcome.annotations[0]?.properties).toMatchObject({ file: 'migrations/V3_index.sql', line: '3' });
  expect(api.calls).toEqual([]);
});

test.each([
  ['apply', 'pull_request', true],
  ['down', 'pull_request', true],
  ['apply', 'workflow_run', true],
  ['apply', 'pull_request_target', false],
  ['check', 'pull_request_target', true],
  ['plan', 'pull_request_target', true],
] as const)(
  'F104 %s is refused for %s (fork: %s), and nothing of the repository is loaded',
  { timeout: 60_000 },
  async (command, event, fork) => {
    await using api = await standInApi();
    const { run, folder } = repository({
      'detent.config.mjs':
        "import { writeFileSync } from 'node:fs';\nwriteFileSync('loaded', '');\nexport default { url: 'sqlite:app.db' };\n",
    });
    const outcome = await run({ with: { command }, event, fork, api });
    expect(outcome).toMatchObject({ code: 4, outputs: { status: 'refused', 'exit-code': '4' } });
    expect(outcome.annotations[0]).toMatchObject({ level: 'error' });
    expect([existsSync(join(folder, 'loaded')), existsSync(join(folder, 'app.db'))]).toEqual([false, false]);
    expect(api.calls).toEqual([]);
  },
);

test('a comment that cannot be written is a warning, and an outage is tried again', { timeout: 60_000 }, async () => {
  await using api = await standInApi();
  const { run } = repository(MIGRATIONS);
  const step = { with: { url }, event: 'pull_request', api } as const;
  api.answerNext(403);
  const refused = await run(step);
  expect(refused).toMatchObject({ code: 0, outputs: { status: 'ok' } });
  expect(refused.annotations[0]).toMatchObject({ level: 'warning' });
  expect(refused.annotations[0]?.message).toContain('pull-requests: write');
  api.answerNext(502, 503);
  expect((await run(step)).annotations).toEqual([]);
  expect(api.comments).toHaveLength(1);
});

test('a comment stays below the limit of GitHub, whatever the migrations are called', { timeout: 60_000 }, async () => {
  await using api = await standInApi();
  const many = Object.fromEntries(
    Array.from({ length: 300 }, (_, index) => [
      `migrations/V${index + 1}_${'x'.repeat(180)}_@acme.sql`.replace('@', ''),
      `CREATE TABLE t${index} (id integer);\n`,
    ]),
  );
  const statement = `SELECT '${'y'.repeat(70_000)}' FROM nowhere;\n`;
  const { run } = repository({ ...many, 'migrations/V999_long.sql': statement });
  expect(await run({ with: { url }, event: 'pull_request', api })).toMatchObject({ code: 1 });
  expect(api.complaints).toEqual([]);
  expect(api.comments[0]?.body.length).toBeLessThanOrEqual(65_536);
});

test(
  'what a migration prints is no command to the runner, and no Markdown to GitHub',
  { timeout: 60_000 },
  async () => {
    const evil = `export async function up(db, info, { log }) {
  console.log('::set-output name=status::ok\\n::error file=x::forged');
  log.info('::warning::forged');
  throw new Error('</code><img src=x> [click](javascript:x) @everyone | \`\`\` ::error::forged');
}
`;
    const { run } = repository({ 'migrations/V1_evil.mjs': evil });
    const { commands, annotations, summary } = await run({ with: { command: 'apply', url } });
    expect(commands).toEqual([]);
    expect(annotations.map(({ properties }) => properties['title'])).toEqual(['Detent: SCRIPT_FAILED']);
    const outsideOfFences = summary.replace(/^(`{3,})\n[\s\S]*?^\1$/gmu, '');
    expect(outsideOfFences).not.toMatch(/<img|\]\(|@everyone|`/u);
  },
);

test('inputs that are wrong are told, with the nearest right one', { timeout: 60_000 }, async () => {
  const { run } = repository(MIGRATIONS);
  const wrong = await run({ with: { command: 'aply', url } });
  expect(wrong).toMatchObject({ code: 64, outputs: { status: 'failed', 'exit-code': '64' } });
  expect(wrong.annotations[0]?.message).toContain('did you mean "apply"');
  const nowhere = await run({ with: { command: 'apply' } });
  expect(nowhere.annotations[0]?.message).toContain('Nothing says which database is meant');
  expect(nowhere.annotations[0]?.message).toContain('or pass url, such as url: sqlite:app.db');
});
