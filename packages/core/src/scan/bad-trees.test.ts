import { execFileSync } from 'node:child_process';
import { chmodSync, lstatSync, mkdirSync, mkdtempSync, readdirSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import type { ErrorCode } from '../errors.ts';
import { directory, type DirectoryOptions } from './directory.ts';

const adapter = { scriptExtensions: ['.sql'] };
const SQL = 'create table t (id integer);\n';
let base = '';
let count = 0;

beforeAll(() => {
  base = mkdtempSync(join(tmpdir(), 'detent-bad-trees-'));
});
afterAll(() => {
  rmSync(base, { recursive: true, force: true });
});

type Tree = Readonly<Record<string, string | Buffer>>;

function plant(tree: Tree): string {
  const root = join(base, String(++count));
  mkdirSync(root);
  for (const [file, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), content);
  }
  return root;
}

/** What is there, down to inodes, sizes and times. */
function stateOf(root: string): string[] {
  return readdirSync(root, { recursive: true, encoding: 'utf8' })
    .sort()
    .map((file) => {
      const { ino, size, mtimeMs, mode } = lstatSync(join(root, file));
      return `${file} ${ino} ${size} ${mtimeMs} ${mode}`;
    });
}

async function problemsOf(root: string, options: DirectoryOptions = {}): Promise<string[]> {
  const before = stateOf(root);
  const { problems } = await directory(root, options).discover(adapter);
  expect(stateOf(root)).toEqual(before);
  for (const problem of problems) {
    expect(problem.message).toMatch(/\.$/u);
    expect(problem.hint).toMatch(/^\S.{10,}/u);
    expect(problem.facts.place?.file).toBeTruthy();
  }
  return problems.map(({ code, facts }) => `${code} ${facts.place?.file}`);
}

describe('F44 a file that is not a migration is never passed over in silence', () => {
  test.each([
    'v2_x.sql',
    'V2-x.sql',
    'V_x.sql',
    'V2__x.SQL',
    'V2__x.Sql',
    'V2.sql',
    '2.sql',
    'V2_.sql',
    'V2__.sql',
    'V2__.up.sql',
    'V2_x .sql',
    ' V2_x.sql',
    'V 2_x.sql',
    'V2 _x.sql',
    'V2__x..sql',
    'V2__x.',
    'V2_x',
    'V2_x.txt',
    'V2_x.sq',
    'V2_x.sqll',
    'V2_x.sql~',
    'V2_x.sql.orig',
    'V2_x.sql.rej',
    'V2_x.sql.bak',
    'V2_x.sql.swp',
    '#V2_x.sql#',
    'V2_x.sql.tmp',
    '~$V2_x.sql',
    'V2_x.UP.sql',
    'V2_x.dwon.sql',
    'V2_x.undo.sql',
    'V2_x.mysql.sql',
    'V2_x.test.ts',
    'V2_x.spec.js',
    'V2_x.disabled.sql',
    'Vx2_x.sql',
    'V2x.sql',
    'V-2_x.sql',
    'VV2_x.sql',
    'V2.1_x.sql',
    'V2..1__x.sql',
    'V2,1__x.sql',
    'V0x10_x.sql',
    'V\u0661_x.sql',
    'V\uFF11_x.sql',
    'u2__x.sql',
    'U2_x.sql',
    'U2__x.up.sql',
    'R_x.sql',
    'r__x.sql',
    'R__.sql',
    'R__x.down.sql',
    'Rx.sql',
    'B1__base.sql',
    'beforemigrate.sql',
    'BeforeMigrate.ts',
    'beforeEachMigrate.sql',
    'afterMigrate.down.sql',
    'afterMigrate_x.sql',
    'beforeMigrate__.sql',
    'schema.sql',
    'index.ts',
    'V2_x.go',
    '00002_x.go',
    'V2__x.sql.conf',
    'V2_x.java',
    'data.csv',
    'Thumbs.db',
    'flyway.conf',
    'V2_x.tsx',
    'V2_a\u0007b.sql',
    'V2_a\u200Bb.sql',
    'V2_\u202Elqs.sql',
    'V2_a:b.sql',
    'V2_a?.sql',
    'V2_a\\b.sql',
    'V2_a\nb.sql',
    '2,x.sql',
    '-2_x.sql',
  ])('%j', async (name) => {
    expect(await problemsOf(plant({ 'V1_ok.sql': SQL, [name]: SQL }))).toEqual([`FILE_NAME ${name}`]);
  });

  test('a name whose bytes are not UTF-8', async () => {
    const root = plant({ 'V1_ok.sql': SQL });
    writeFileSync(Buffer.concat([Buffer.from(`${root}/V2_caf`), Buffer.from([0xe9]), Buffer.from('.sql')]), SQL);
    const { problems } = await directory(root).discover(adapter);
    expect(problems.map(({ code, hint }) => [code, hint?.length])).toEqual([['FILE_NAME', expect.any(Number)]]);
  });

  test.each([
    ['detent', '2_x.sql'],
    ['flyway', 'V2_x.sql'],
    ['flyway', '2__x.sql'],
    ['golang-migrate', '2_x.sql'],
    ['golang-migrate', 'V2_x.up.sql'],
    ['goose', '2-x.sql'],
    ['goose', '2_x.down.sql'],
    ['dbmate', 'V2__x.sql'],
  ] as const)('under the layout %s, %s', async (layout, name) => {
    expect(await problemsOf(plant({ [name]: SQL }), { layout })).toEqual([`FILE_NAME ${name}`]);
  });
});

describe('contents', () => {
  test.each([
    ['UTF-16 with a mark', Buffer.from(`\u{FEFF}${SQL}`, 'utf16le'), 'FILE_ENCODING'],
    ['UTF-16 without a mark', Buffer.from(SQL, 'utf16le'), 'FILE_ENCODING'],
    ['UTF-16 BE', Buffer.from(`\u{FEFF}${SQL}`, 'utf16le').swap16(), 'FILE_ENCODING'],
    ['UTF-32', Buffer.from([0xff, 0xfe, 0, 0, 59, 0, 0, 0]), 'FILE_ENCODING'],
    ['a NUL byte', `${SQL}\0`, 'FILE_ENCODING'],
    ['Latin-1', Buffer.from("insert into t values ('caf\xe9');", 'latin1'), 'FILE_ENCODING'],
    ['half a character', Buffer.from('-- ö').subarray(0, 4), 'FILE_ENCODING'],
    ['a NUL byte far behind', Buffer.concat([Buffer.alloc(200_000, 'x'), Buffer.from([0])]), 'FILE_ENCODING'],
    ['nothing', '', 'FILE_UNREADABLE'],
    ['white space', ' \n\t\r\n', 'FILE_UNREADABLE'],
    ['only a mark', '\u{FEFF}', 'FILE_UNREADABLE'],
  ] as const)('F42 F43 a script of %s', async (_, content, code) => {
    expect(await problemsOf(plant({ 'V1_x.sql': content }))).toEqual([`${code} V1_x.sql`]);
    expect(await problemsOf(plant({ 'V1_x.ts': content }))).toEqual([`${code} V1_x.ts`]);
  });
});

describe('files that cannot stand side by side', () => {
  const trees: readonly (readonly [name: string, files: readonly string[], problem: `${ErrorCode} ${string}`])[] = [
    ['F45 one version twice', ['V2_a.sql', 'V2_b.sql'], 'VERSION_DUPLICATE V2_b.sql'],
    ['F45 one version with other zeros', ['01_a.sql', '1_b.sql'], 'VERSION_DUPLICATE 1_b.sql'],
    ['F45 one version in parts with other zeros', ['V1.0__a.sql', 'V1__b.sql'], 'VERSION_DUPLICATE V1__b.sql'],
    [
      'F45 one version with other signs between the parts',
      ['V1.1__a.sql', 'V1_1__b.sql'],
      'VERSION_DUPLICATE V1_1__b.sql',
    ],
    ['F45 one version in two folders', ['a/V2_x.sql', 'b/V2_x.sql'], 'VERSION_DUPLICATE b/V2_x.sql'],
    ['F45 one version in SQL and in code', ['V2_x.sql', 'V2_x.ts'], 'VERSION_DUPLICATE V2_x.ts'],
    ['F45 two modules that are no twins', ['V2_x.mjs', 'V2_x.ts'], 'VERSION_DUPLICATE V2_x.ts'],
    ['F45 twins in two folders', ['dist/V2_x.js', 'src/V2_x.ts'], 'VERSION_DUPLICATE src/V2_x.ts'],
    ['F45 one file and a pair', ['2_x.sql', '2_x.up.sql'], 'VERSION_DUPLICATE 2_x.up.sql'],
    ['F45 two ways back', ['V2__x.sql', 'V2__x.down.sql', 'U2__x.sql'], 'VERSION_DUPLICATE V2__x.down.sql'],
    ['F45 one repeatable in two folders', ['a/R__v.sql', 'b/R__v.sql'], 'VERSION_DUPLICATE b/R__v.sql'],
    ['F47 names that differ in case', ['V2_A.sql', 'V2_a.sql'], 'NAME_COLLISION V2_a.sql'],
    ['F47 repeatables that differ in case', ['R__View.sql', 'R__view.sql'], 'NAME_COLLISION R__view.sql'],
    [
      'F47 repeatables in two folders that differ in case',
      ['a/R__View.sql', 'b/R__view.sql'],
      'NAME_COLLISION b/R__view.sql',
    ],
    [
      'F47 names that differ in how an accent is written',
      ['V2_\u00E9.sql', 'V2_e\u0301.sql'],
      'NAME_COLLISION V2_\u00E9.sql',
    ],
    ['F47 sharp s and its capitals', ['R__stra\u00DFe.sql', 'R__STRASSE.sql'], 'NAME_COLLISION R__stra\u00DFe.sql'],
    ['one hook twice', ['beforeMigrate.sql', 'beforeMigrate.ts'], 'NAME_COLLISION beforeMigrate.ts'],
    ['a way back without a way up', ['V1_x.sql', 'V2_x.down.sql'], 'DOWN_ORPHAN V2_x.down.sql'],
    ['an undo without its migration', ['V1__x.sql', 'U2__x.sql'], 'DOWN_ORPHAN U2__x.sql'],
    ['two ways of naming', ['V1_x.sql', '002_y.sql'], 'LAYOUT_MIXED 002_y.sql'],
  ];
  test.each(trees)('%s', async (_, files, problem) => {
    expect(await problemsOf(plant(Object.fromEntries(files.map((file) => [file, SQL]))))).toEqual([problem]);
  });

  test('F45 the message names both files', async () => {
    const { problems } = await directory(plant({ 'x/V2_a.sql': SQL, 'y/V2_b.sql': SQL })).discover(adapter);
    expect(problems[0]?.message).toBe('x/V2_a.sql and y/V2_b.sql are both version 2.');
    expect(problems[0]?.facts['files']).toEqual(['x/V2_a.sql', 'y/V2_b.sql']);
  });
});

describe.skipIf(process.platform === 'win32')('F105 what is no regular file of the folder', () => {
  const tree = { 'V1_x.sql': SQL };
  test('a link that leads out', async () => {
    const root = plant(tree);
    symlinkSync(join(plant({ secret: SQL }), 'secret'), join(root, 'V2_x.sql'));
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });
  test('a link into a folder whose name only begins like the root', async () => {
    const root = plant(tree);
    mkdirSync(`${root}-other`);
    writeFileSync(`${root}-other/x`, SQL);
    symlinkSync(`${root}-other/x`, join(root, 'V2_x.sql'));
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });
  test('a link to nothing', async () => {
    const root = plant(tree);
    symlinkSync('gone', join(root, 'V2_x.sql'));
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });
  test('a link to itself', async () => {
    const root = plant(tree);
    symlinkSync('V2_x.sql', join(root, 'V2_x.sql'));
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });
  test('a link to a folder', async () => {
    const root = plant({ ...tree, 'sub/V3_x.sql': SQL });
    symlinkSync('sub', join(root, 'V2_x.sql'));
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });
  test('a link to the folder above, which would never end', async () => {
    const root = plant(tree);
    symlinkSync('.', join(root, 'loop'));
    expect(await problemsOf(root)).toEqual(['FILE_NAME loop']);
  });
  test('a pipe, which is not waited for', async () => {
    const root = plant(tree);
    execFileSync('sh', ['-c', 'mkfifo "$1"', 'sh', join(root, 'V2_x.sql')]);
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });
  test('a socket', async () => {
    const root = plant(tree);
    const server = createServer();
    await new Promise<void>((done) => void server.listen(join(root, 'V2_x.sql'), done));
    try {
      expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
    } finally {
      await new Promise((done) => void server.close(done));
    }
  });
  test('a link to a device', async () => {
    const root = plant(tree);
    symlinkSync('/dev/zero', join(root, 'V2_x.sql'));
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });
  test('a folder with the name of a file', async () => {
    const root = plant(tree);
    mkdirSync(join(root, 'V2_x.sql'));
    expect(await problemsOf(root)).toEqual(['FILE_UNREADABLE V2_x.sql']);
  });

  test('a file and a folder without permission', async () => {
    const root = plant({ ...tree, 'V2_x.sql': SQL, 'sub/V3_x.sql': SQL });
    chmodSync(join(root, 'V2_x.sql'), 0);
    chmodSync(join(root, 'sub'), 0);
    chmodSync(base, 0o755);
    // Nobody keeps root from reading, so root becomes somebody.
    const wasRoot = process.geteuid?.() === 0;
    if (wasRoot) process.seteuid?.(65_534);
    try {
      const { problems } = await directory(root).discover(adapter);
      expect(problems.map(({ code, message }) => `${code} ${message}`)).toEqual([
        'FILE_UNREADABLE V2_x.sql cannot be read: there is no permission.',
        'FILE_UNREADABLE sub cannot be read: there is no permission.',
      ]);
    } finally {
      if (wasRoot) process.seteuid?.(0);
      chmodSync(join(root, 'sub'), 0o755);
    }
  });
});

describe('the folder itself', () => {
  test('is not there', async () => {
    const { problems } = await directory(join(base, 'gone')).discover(adapter);
    expect(problems.map(({ code }) => code)).toEqual(['FOLDER_MISSING']);
    expect(problems[0]?.hint).toContain('detent init');
  });
  test('is a file', async () => {
    const { problems } = await directory(join(plant({ 'V1_x.sql': SQL }), 'V1_x.sql')).discover(adapter);
    expect(problems.map(({ code, message }) => [code, message.endsWith('is not a folder.')])).toEqual([
      ['FOLDER_MISSING', true],
    ]);
  });
  test.each([
    ['an empty path', ''],
    ['a NUL byte in the path', 'a\0b'],
  ])('%s is misuse', (_, path) => {
    expect(() => directory(path)).toThrow(expect.objectContaining({ code: 'CONFIG' }));
  });
});

test('everything that is wrong is told at once, in the order of the paths', async () => {
  const root = plant({
    'b/V2_x.sql': '',
    'a/x.sql': SQL,
    'V1_a.sql': SQL,
    'c/V1_b.sql': SQL,
    'V9_x.down.sql': SQL,
    'V3_x.sql': 'a\0',
  });
  expect(await problemsOf(root)).toEqual([
    'FILE_ENCODING V3_x.sql',
    'DOWN_ORPHAN V9_x.down.sql',
    'FILE_NAME a/x.sql',
    'FILE_UNREADABLE b/V2_x.sql',
    'VERSION_DUPLICATE c/V1_b.sql',
  ]);
});
