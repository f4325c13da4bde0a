import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { expect, test } from 'vitest';
import { checksumOf } from './checksum.ts';
import { directory } from './directory.ts';
import { fromModules } from './from-modules.ts';

const adapter = { scriptExtensions: ['.sql'] };
const SQL = 'create table t (id integer);\r\n';
const up = (): string => 'up';
const down = (): string => 'down';

test('scripts are the same migrations as in a folder', async () => {
  const root = mkdtempSync(join(tmpdir(), 'detent-modules-'));
  try {
    writeFileSync(join(root, 'V1_a.sql'), SQL);
    const [fromFolder] = (await directory(root).discover(adapter)).files;
    const [fromBundle] = (await fromModules({ './migrations/V1_a.sql?raw': SQL }).discover(adapter)).files;
    const { id, file, checksum, rawChecksum } = fromFolder ?? {};
    expect(fromBundle).toMatchObject({ id, file, checksum, rawChecksum });
  } finally {
    rmSync(root, { recursive: true, force: true });
  }
});

test('a value is a namespace, a migration, a loader or a text', async () => {
  const { files, hooks, problems } = await fromModules({
    '/app/migrations/V1_a.ts': { up, down },
    '/app/migrations/V2_b.ts': { default: { up } },
    '/app/migrations/V3_c.ts': async () => ({ up }),
    '/app/migrations/sub/V4_d.sql': SQL,
    '/app/migrations/V5_e.sql': async () => ({ default: SQL }),
    '/app/migrations/V6_f.up.sql': async () => SQL,
    '/app/migrations/V6_f.down.sql': '',
    '/app/migrations/R__view.sql': SQL,
    '/app/migrations/beforeMigrate.ts': { up },
    '/app/migrations/README.md': 'words',
  }).discover(adapter);
  expect(problems).toEqual([]);
  expect(files.map(({ id, file }) => `${id} ${file}`)).toEqual([
    '1 V1_a.ts',
    '2 V2_b.ts',
    '3 V3_c.ts',
    '4 sub/V4_d.sql',
    '5 V5_e.sql',
    '6 V6_f.up.sql',
    'R__view R__view.sql',
  ]);
  expect(hooks.map(({ when }) => when)).toEqual(['beforeMigrate']);
  expect(
    await Promise.all(files.map(({ up: content }) => (content.kind === 'script' ? content.text() : content.module()))),
  ).toMatchObject([{ up, down }, { default: { up } }, { up }, SQL, SQL, SQL, SQL]);
});

test('a list of pairs serves as well as an object', async () => {
  const { files } = await fromModules([['V1_a.sql', SQL]]).discover(adapter);
  expect(files.map(({ id }) => id)).toEqual(['1']);
});

test('given hashes are taken, and the module is not loaded to discover it', async () => {
  const { checksum } = checksumOf(Buffer.from('the file'));
  let loads = 0;
  const loader = async () => ({ up, loads: ++loads });
  const { files } = await fromModules({ 'V1_a.ts': loader }, { checksums: { 'V1_a.ts': checksum } }).discover(adapter);
  expect(files[0]?.checksum).toBe(checksum);
  expect(loads).toBe(0);
});

test('without a hash the source text of the functions is hashed', async () => {
  const hashOf = async (module: Record<string, unknown>): Promise<string | undefined> =>
    (await fromModules({ 'V1_a.ts': module }).discover(adapter)).files[0]?.checksum;
  expect(await hashOf({ up })).toBe(await hashOf({ default: { up } }));
  expect(await hashOf({ up })).not.toBe(await hashOf({ up: down }));
  expect(await hashOf({ up })).not.toBe(await hashOf({ up, down }));
  expect(await hashOf({ up })).not.toBe(await hashOf({ up, transaction: 'none' }));
});

test.each([
  ['a name that is none', { 'x.ts': { up } }, 'FILE_NAME'],
  ['one version twice', { 'V1_a.ts': { up }, 'V1_b.sql': SQL }, 'VERSION_DUPLICATE'],
  ['a script that is no text', { 'V1_a.sql': { up } }, 'MODULE_EXPORTS'],
  ['a module without up', { 'V1_a.ts': { down } }, 'MODULE_EXPORTS'],
  ['a module that cannot be loaded', { 'V1_a.ts': async () => Promise.reject(new Error('no chunk')) }, 'MODULE_LOAD'],
  ['an empty script', { 'V1_a.sql': ' ' }, 'FILE_UNREADABLE'],
  ['a script with a NUL', { 'V1_a.sql': 'a\0' }, 'FILE_ENCODING'],
  ['two ways of naming', { 'V1_a.sql': SQL, '2_b.sql': SQL }, 'LAYOUT_MIXED'],
])('%s is a problem with a hint', async (_, modules, code) => {
  const { problems } = await fromModules(modules).discover(adapter);
  expect(problems.map((problem) => problem.code)).toEqual([code]);
  expect(problems[0]?.hint).toMatch(/\S{3}/u);
});

test('a hash that is not written as one is misuse', () => {
  expect(() => fromModules({ 'V1_a.ts': { up } }, { checksums: { 'V1_a.ts': 'abc' } })).toThrow(
    expect.objectContaining({ code: 'CONFIG' }),
  );
});

test('no module behind it touches a file system', () => {
  const seen = new Set<string>();
  const visit = (path: string): void => {
    if (seen.has(path)) return;
    seen.add(path);
    const text = readFileSync(path, 'utf8');
    expect(text, path).not.toMatch(/from 'node:(?:fs|module|child_process)/u);
    for (const [, target = ''] of text.matchAll(/^(?:import|export) (?!type).*from '(\.[^']+)'/gmu))
      visit(join(dirname(path), target));
  };
  visit(join(import.meta.dirname, 'from-modules.ts'));
  visit(join(import.meta.dirname, 'discover-modules.ts'));
  expect(seen.size).toBeGreaterThan(5);
});
