import { readdirSync } from 'node:fs';
import { expect, test } from 'vitest';
import { documentOf, project, SHOP } from './harness.ts';

const CONFIG = 'detent.config.json';

test.each([
  [
    'an unknown key',
    { [CONFIG]: '{"url":"sqlite:a.db","tabel":"x"}' },
    'There is no option "tabel"; did you mean "table"?',
  ],
  [
    'an unknown key in a group',
    { [CONFIG]: '{"url":"sqlite:a.db","backup":{"foldr":"x"}}' },
    '"backup.foldr"; did you mean "folder"?',
  ],
  ['a wrong word', { [CONFIG]: '{"url":"sqlite:a.db","rollback":"bakup"}' }, 'rollback must be one of'],
  ['a number for a text', { [CONFIG]: '{"url":"sqlite:a.db","table":5}' }, 'table must be a text'],
  [
    'a text for a number',
    { [CONFIG]: '{"url":"sqlite:a.db","timeouts":{"lockMs":"3s"}}' },
    'timeouts.lockMs must be a number',
  ],
  [
    'a negative time',
    { [CONFIG]: '{"url":"sqlite:a.db","lock":{"waitMs":-1}}' },
    'lock.waitMs must be a number of at least 0',
  ],
  ['an empty text', { [CONFIG]: '{"url":"sqlite:a.db","migrations":""}' }, 'migrations must be'],
  ['a group that is none', { [CONFIG]: '{"url":"sqlite:a.db","backup":true}' }, 'backup must be an object'],
  ['a list', { [CONFIG]: '[]' }, 'gives no configuration'],
  ['broken JSON', { [CONFIG]: '{"url": }' }, 'cannot be read'],
  ['an empty file', { [CONFIG]: '' }, 'cannot be read'],
  ['a url that is no text', { [CONFIG]: '{"url":5}' }, 'url must be a text'],
  [
    'an unknown scheme',
    { [CONFIG]: '{"url":"postgrse://h/d"}' },
    'unknown scheme "postgrse:"; did you mean "postgres"?',
  ],
  ['no scheme', { [CONFIG]: '{"url":"shop"}' }, 'not a URL that says which database it is'],
  ['no database', { [CONFIG]: '{}' }, 'Nothing says which database is meant'],
  ['environments that are none', { [CONFIG]: '{"url":"sqlite:a.db","environments":5}' }, 'environments must be'],
  [
    'a wrong key of an environment',
    { [CONFIG]: '{"url":"sqlite:a.db","environments":{"ci":{"tabel":"x"}}}' },
    '"environments.ci.tabel"',
  ],
  ['an adapter that is none', { [CONFIG]: '{"adapter":{"name":"sqlite"}}' }, 'adapter must be an adapter'],
  ['no default export', { 'detent.config.ts': 'export const config = {};' }, 'gives no configuration'],
  ['a syntax error', { 'detent.config.ts': 'export default {' }, 'cannot be loaded'],
  [
    'TypeScript that Node does not strip',
    { 'detent.config.ts': 'enum E { A }\nexport default { url: String(E.A) };' },
    'cannot be loaded',
  ],
  ['a missing import', { 'detent.config.ts': "import x from 'not-here';\nexport default x;" }, 'cannot be loaded'],
  ['a throwing configuration', { 'detent.config.ts': "throw new Error('no luck');" }, 'no luck'],
  [
    'an option of the adapter that is wrong',
    {
      'detent.config.ts':
        "import { sqlite } from '@detent/sqlite';\nexport default { adapter: sqlite({ url: 'a.db', journalMod: 'wal' }) };",
    },
    'journalMod',
  ],
  ['an adapter that is not installed', { [CONFIG]: '{"url":"mongodb://h/d"}' }, '@detent/mongo is not installed'],
  ['two configurations', { [CONFIG]: '{}', 'detent.config.ts': 'export default {};' }, 'two configurations'],
])('%s is refused with 64 and a hint, and nothing is written', (_, files, message) => {
  const { detent, folder } = project(files, false);
  const given = readdirSync(folder);
  const outcome = detent('up', '--json');
  expect(outcome.code, outcome.output).toBe(64);
  const { errors } = documentOf(outcome) as { errors: { code: string; message: string; hint?: string }[] };
  expect(errors).toHaveLength(1);
  expect(errors[0]?.message).toContain(message);
  expect(errors[0]?.code).toBe('CONFIG');
  expect(readdirSync(folder).filter((file) => !given.includes(file))).toEqual([]);
});

test.each([
  ['DETENT_ROLLBACK', 'bakup', 'DETENT_ROLLBACK must be one of'],
  ['DETENT_TIMEOUTS_LOCK_MS', 'soon', 'DETENT_TIMEOUTS_LOCK_MS must be a number'],
  ['DETENT_BACKUP_KEEP', 'perhaps', 'DETENT_BACKUP_KEEP must be true or false'],
  ['DETENT_ENV', 'staging', 'has no environment "staging"'],
  ['DETENT_CONFIG', 'none.json', 'There is no configuration'],
  ['DETENT_URL', 'nothing', 'DETENT_URL is not a URL'],
])('the variable %s=%s is refused by its name', (name, value, message) => {
  const { code, stderr } = project(SHOP).detentIn({ env: { [name]: value } }, 'status');
  expect(code).toBe(64);
  expect(stderr.replace(/\s+/g, ' ')).toContain(message);
});

test('a misspelt variable is warned of', () => {
  const { code, stderr } = project(SHOP).detentIn({ env: { DETENT_ROLBACK: 'both' } }, 'status');
  expect(code).toBe(0);
  expect(stderr).toContain('There is no variable DETENT_ROLBACK; did you mean "DETENT_ROLLBACK"?');
});

test('flags go before variables, these before the environment, that before the file', () => {
  const { detentIn } = project({
    [CONFIG]:
      '{"url":"sqlite:app.db","table":"a","schema":"a","layout":"flyway","rollback":"none","environments":{"ci":{"table":"b","layout":"goose","rollback":"down"}}}',
  });
  const read = documentOf(
    detentIn({ env: { DETENT_ENV: 'ci', DETENT_LAYOUT: 'dbmate', DETENT_ROLLBACK: 'backup' } }, 'config', '--json'),
  );
  expect(read).toMatchObject({
    settings: {
      schema: { value: 'a' },
      table: { value: 'b' },
      layout: { value: 'dbmate', from: 'DETENT_LAYOUT' },
      rollback: { value: 'backup' },
      transaction: { value: 'each', from: 'default' },
    },
  });
  const up = detentIn({ env: { DETENT_ENV: 'ci', DETENT_ROLLBACK: 'backup' } }, 'up', '--rollback', 'nothing');
  expect(up.code).toBe(64);
});

test('a configuration is found above, and its paths are meant from there', () => {
  const { detentIn, write, rows } = project(SHOP);
  write({ 'src/deep/file.txt': '' });
  expect(detentIn({ below: 'src/deep' }, 'up').code).toBe(0);
  expect(rows('select count(*) as n from schema_version')).toEqual([{ n: 2 }]);
  expect(detentIn({ below: 'src/deep' }, 'create', 'more').stdout).toMatch(
    /^\.\.\/\.\.\/migrations\/V\d+_more\.sql\n$/,
  );
});

test('a configuration above the root of the package is not taken', () => {
  const { detentIn, write } = project(SHOP);
  write({ 'inner/package.json': '{}' });
  expect(detentIn({ below: 'inner' }, 'status').code).toBe(64);
});

test('a TypeScript configuration with an adapter takes a url of its kind', () => {
  const { detent, detentIn } = project(
    {
      ...SHOP,
      'detent.config.ts':
        "import { defineConfig, sqlite } from '@detent/sqlite';\nconst url: string = 'sqlite:one.db';\nexport default defineConfig({ adapter: sqlite({ url }) });",
    },
    false,
  );
  expect(detent('status').stdout).toContain('sqlite:one.db');
  expect(detent('status', '--url', 'sqlite:two.db').stdout).toContain('sqlite:two.db');
  expect(detentIn({ env: { DATABASE_URL: 'sqlite:three.db' } }, 'status').stdout).toContain('sqlite:three.db');
  const other = detentIn({ env: { DATABASE_URL: 'postgres://u:s3cr3t@h/d' } }, 'status');
  expect(other.stdout).toContain('sqlite:one.db');
  expect(other.stderr).toContain('DATABASE_URL is not a URL of sqlite');
  expect(other.output).not.toContain('s3cr3t');
});

test('a path on the command line is meant from where the user stands', () => {
  const { detentIn, write } = project(SHOP);
  write({ 'below/x': '' });
  detentIn({ below: 'below' }, 'up', '--url', 'sqlite:here.db');
  expect(detentIn({}, 'status', '--url', 'sqlite:below/here.db').stdout).toContain('2 applied');
});

test('--cwd starts elsewhere', () => {
  const { detent, write } = project(SHOP);
  write({
    'other/package.json': '{}',
    'other/detent.config.json': '{"url":"sqlite:other.db","migrations":"../migrations"}',
  });
  expect(detent('status', '--cwd', 'other').stdout).toContain('sqlite:other.db');
  expect(detent('status', '--cwd', 'none').code).toBe(64);
});

test.each([
  ['postgres://u:s3cr3t@127.0.0.1:1/d'],
  ['mysql://u:s3cr3t@h/d'],
  ['mongodb+srv://u:s3cr3t@h/d'],
  ['postgrse://u:s3cr3t@h/d'],
  ['sqlite://u:s3cr3t@h/d'],
  ['u:s3cr3t@h'],
  ['sqlite:a.db?key=s3cr3t'],
  ['http://[s3cr3t'],
])('F98 the password of %s is never printed', (url) => {
  const { detent, detentIn } = project(SHOP, false);
  for (const args of [['up', '--verbose'], ['config'], ['config', '--json'], ['doctor']]) {
    expect(detent(...args, '--url', url).output, args.join(' ')).not.toContain('s3cr3t');
  }
  expect(detentIn({ env: { DETENT_URL: url } }, 'status', '--json', '--verbose').output).not.toContain('s3cr3t');
});
