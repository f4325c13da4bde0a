import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterEach, beforeEach, expect, test } from 'vitest';
import type { Content, Discovered } from '../ports/source.ts';
import { directory, type DirectoryOptions } from './directory.ts';
import { compareMigrations } from './version.ts';

const SQL = 'create table t (id integer);\n';
let root = '';
beforeEach(() => {
  root = mkdtempSync(join(tmpdir(), 'detent-directory-'));
});
afterEach(() => {
  rmSync(root, { recursive: true, force: true });
});

function plant(...files: readonly string[]): void {
  for (const file of files) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), SQL);
  }
}

const discover = async (options: DirectoryOptions = {}): Promise<Discovered> =>
  directory(root, options).discover({ scriptExtensions: ['.sql'] });
const ids = ({ files, problems }: Discovered): string[] => {
  expect(problems).toEqual([]);
  return files.toSorted(compareMigrations).map(({ id }) => id);
};

async function textOf(content: Content | null | undefined): Promise<string> {
  if (content?.kind !== 'script') throw new Error('not a script');
  return content.text();
}

test('the order is by version, whatever the folder', async () => {
  plant('b/V1_a.sql', 'a/V10_c.sql', 'V9_b.sql', 'a/z/y/V11_d.sql', 'R__v.sql');
  expect(ids(await discover())).toEqual(['1', '9', '10', '11', 'R__v']);
});

test('a migration says where it is', async () => {
  plant('sub/V007__create users.sql');
  const [file] = (await discover()).files;
  expect(file).toMatchObject({
    id: '7',
    version: '007',
    name: 'create users',
    kind: 'versioned',
    file: 'sub/V007__create users.sql',
    down: null,
    twin: null,
  });
  expect(file?.filepath).toBe(join(root, 'sub', 'V007__create users.sql'));
});

test('up and down of one version may have other names', async () => {
  plant('000001_create.up.sql', '000001_drop.down.sql');
  const [file] = (await discover()).files;
  expect([file?.name, file?.up.file, file?.down?.file]).toEqual([
    'create',
    '000001_create.up.sql',
    '000001_drop.down.sql',
  ]);
});

test("Flyway's undo file is the way back", async () => {
  plant('V1.1__x.sql', 'U1_1__undo.sql');
  expect((await discover()).files.map(({ id, down }) => [id, down?.file])).toEqual([['1.1', 'U1_1__undo.sql']]);
});

test.each([
  ['.ts', '.js'],
  ['.mts', '.mjs'],
  ['.cts', '.cjs'],
])('a %s file and its %s twin are one migration', async (source, compiled) => {
  plant(`V1_x${compiled}`, `V1_x${source}`);
  const { files, problems } = await discover();
  expect(problems).toEqual([]);
  expect(files.map(({ file, twin }) => [file, twin?.file])).toEqual([[`V1_x${source}`, `V1_x${compiled}`]]);
});

test('what stands beside migrations is passed over', async () => {
  plant(
    'V1_x.ts',
    'V1_x.d.ts',
    'V1_x.js.map',
    'README.md',
    '.gitkeep',
    '.git/V1_y.sql',
    'node_modules/p/V1_z.sql',
    'package.json',
    'embed.go',
  );
  expect(ids(await discover())).toEqual(['1']);
});

test('ignored files and folders are not looked at', async () => {
  plant('V1_x.sql', 'V1_x.test.ts', 'drafts/V1_y.sql', 'a/old/V1_z.sql', 'a/b/old.sql', 'schema.sql');
  expect(ids(await discover({ ignore: ['*.test.ts', 'drafts/', 'a/**', 'schema.sql'] }))).toEqual(['1']);
});

test('only the wanted endings count when they are given', async () => {
  plant('V1_x.ts', 'V1_x.mjs', 'V2_y.sql');
  expect(ids(await discover({ extensions: ['.mjs', '.sql'] }))).toEqual(['1', '2']);
});

test('hooks are found and may have names', async () => {
  plant('beforeMigrate.sql', 'afterMigrate__b.sql', 'afterMigrate__a.ts', 'V1_x.sql');
  const { hooks, problems } = await discover();
  expect(problems).toEqual([]);
  expect(hooks.map(({ when, content }) => `${when} ${content.kind} ${content.file}`)).toEqual([
    'afterMigrate code afterMigrate__a.ts',
    'afterMigrate script afterMigrate__b.sql',
    'beforeMigrate script beforeMigrate.sql',
  ]);
});

test('a source may be named by a URL and be a link itself', async () => {
  plant('real/V1_x.sql');
  symlinkSync('real', join(root, 'link'));
  const { files } = await directory(pathToFileURL(join(root, 'link'))).discover({ scriptExtensions: ['.sql'] });
  expect(files.map(({ id }) => id)).toEqual(['1']);
});

test('links to files inside count, as a mounted configuration has them', async () => {
  plant('..2024_01/V1_x.sql');
  symlinkSync('..2024_01', join(root, '..data'));
  symlinkSync('..data/V1_x.sql', join(root, 'V1_x.sql'));
  const found = await discover();
  expect(ids(found)).toEqual(['1']);
  expect(await textOf(found.files[0]?.up)).toBe(SQL);
});

test('F47 a name that the disk has in decomposed form is the name in composed form', async () => {
  plant('R__u\u0308ber.sql');
  const [file] = (await discover()).files;
  expect([file?.id, file?.name, file?.file]).toEqual(['R__\u00FCber', '\u00FCber', 'R__\u00FCber.sql']);
  expect(await textOf(file?.up)).toBe(SQL);
});

test('an empty folder has no migrations and no problems', async () => {
  expect(await discover()).toEqual({ files: [], hooks: [], problems: [] });
});

test.each([1, 65_535, 65_536, 65_537, 1_000_000])('a file of %i bytes is read whole', async (size) => {
  const text = 'x'.repeat(size);
  writeFileSync(join(root, 'V1_x.sql'), text);
  expect(await textOf((await discover()).files[0]?.up)).toBe(text);
});

test('F43 the text comes without its byte order mark', async () => {
  writeFileSync(join(root, 'V1_x.sql'), `\u{FEFF}${SQL}`);
  expect(await textOf((await discover()).files[0]?.up)).toBe(SQL);
});

test.each([
  ['edited', () => writeFileSync(join(root, 'V1_x.sql'), 'drop table t;\n')],
  ['removed', () => rmSync(join(root, 'V1_x.sql'))],
  [
    'made a link',
    () => {
      rmSync(join(root, 'V1_x.sql'));
      writeFileSync(join(root, 'other'), 'drop table t;\n');
      symlinkSync('other', join(root, 'V1_x.sql'));
    },
  ],
])('F68 a file that is %s after it was discovered is not run', async (_, change) => {
  plant('V1_x.sql');
  const [file] = (await discover()).files;
  change();
  await expect(textOf(file?.up)).rejects.toMatchObject({
    code: expect.stringMatching(/^FILE_(?:CHANGED|UNREADABLE)$/u),
    hint: expect.any(String),
  });
});
