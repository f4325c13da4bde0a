import { execFileSync } from 'node:child_process';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';

// Everything here is loaded by a Node of its own: the test runner has a loader that would read more than Node does.

interface Outcome {
  readonly up?: unknown;
  readonly down?: unknown;
  readonly code?: string;
  readonly message?: string;
  readonly hint?: string;
  readonly place?: { readonly file: string; readonly line?: number; readonly column?: number };
}

const here = (file: string): string => JSON.stringify(pathToFileURL(join(import.meta.dirname, file)).href);
const PROGRAM = `
import { writeFileSync } from 'node:fs';
import { directory } from ${here('directory.ts')};
import { readMigrationModule } from ${here('modules.ts')};
const load = async (file) => {
  try {
    const { up, down } = readMigrationModule(await file.up.module(), file.file);
    return { up: await up(), down: await down?.() };
  } catch (error) {
    const { code, message, hint, facts } = error;
    return { code, message, hint, place: facts?.place };
  }
};
const discover = async () => {
  const { files, problems } = await directory(process.cwd()).discover({ scriptExtensions: ['.sql'] });
  if (problems.length > 0) throw problems[0];
  return files;
};
const write = (outcome) => console.log(JSON.stringify(outcome));
`;

function run<T>(root: string, program: string): T {
  writeFileSync(join(root, '.program.mjs'), PROGRAM + program);
  const output = execFileSync(process.execPath, [join(root, '.program.mjs')], {
    cwd: root,
    encoding: 'utf8',
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  return JSON.parse(output) as T;
}

function plant(root: string, tree: Readonly<Record<string, string>>): void {
  for (const [file, text] of Object.entries(tree)) {
    mkdirSync(dirname(join(root, file)), { recursive: true });
    writeFileSync(join(root, file), text);
  }
}

let root = '';
beforeAll(() => {
  root = mkdtempSync(join(tmpdir(), 'detent-load-'));
});
afterAll(() => {
  rmSync(root, { recursive: true, force: true });
});

const esm = "export const up = () => 'up';\nexport async function down() { return 'down'; }\n";
const cjs = "module.exports = { up: () => 'up', down: async () => 'down' };\n";

const good: Readonly<Record<string, string>> = {
  'V1_named.mjs': esm,
  'V2_named.mts':
    "export const up = (): string => 'up';\nexport async function down(): Promise<string> { return 'down'; }\n",
  'V3_default.mjs': "export default { up: () => 'up', down: () => 'down' };\n",
  'V4_default.ts':
    "interface M { up(): string; down(): string }\nexport default { up: () => 'up', down: () => 'down' } satisfies M;\n",
  'V5_exports.cjs': cjs,
  'V6_exports.cts': "const up: () => string = () => 'up';\nexports.up = up;\nexports.down = () => 'down';\n",
  'V7_exports.js': cjs,
  'V8_detected.js': esm,
  'V9_compiled.cjs':
    "Object.defineProperty(exports, '__esModule', { value: true });\nexports.default = { up: () => 'up', down: () => 'down' };\n",
  'V10_compiled.cjs':
    "Object.defineProperty(exports, '__esModule', { value: true });\nexports.up = () => 'up';\nexports.down = () => 'down';\n",
  'esm/package.json': '{ "type": "module" }',
  'esm/V11_module.js': esm,
  'esm/V12_module.ts': esm,
  'cjs/package.json': '{ "type": "commonjs" }',
  'cjs/V13_commonjs.ts': cjs,
  'cjs/V14_commonjs.js': cjs,
  'V15_#odd %20name.mjs': esm,
  'V16_class.mjs': "export default new (class { #a = 'up'; up() { return this.#a; } down() { return 'down'; } })();\n",
  'V17_helper.ts':
    "import { word } from './lib/.word.ts';\nexport const up = () => word;\nexport const down = () => 'down';\n",
  'lib/.word.ts': "export const word: string = 'up';\n",
};

describe('modules of every kind', () => {
  let outcomes: Readonly<Record<string, Outcome>> = {};
  beforeAll(() => {
    const folder = join(root, 'good');
    plant(folder, good);
    outcomes = run(
      folder,
      'const all = {}; for (const file of await discover()) all[file.file] = await load(file); write(all);',
    );
  });
  test.each(Object.keys(good).filter((file) => /V\d/u.test(file)))('%s', (file) => {
    expect(outcomes[file]).toEqual({ up: 'up', down: 'down' });
  });
});

const UNSTRIPPABLE = 'Node strips types and changes nothing else';
const bad: readonly (readonly [
  file: string,
  text: string,
  words: string,
  hint: string,
  place: { line?: number; column?: number },
])[] = [
  [
    'V1_enum.ts',
    '// one\nexport const up = () => A.b;\nenum A { b }\n',
    'enum is not supported',
    UNSTRIPPABLE,
    { line: 3 },
  ],
  [
    'V2_parameter.ts',
    'class A { constructor(private a: string) {} }\nexport const up = () => new A("");\n',
    'parameter property is not supported',
    UNSTRIPPABLE,
    { line: 1 },
  ],
  [
    'V3_namespace.ts',
    'namespace A { export const a = 1; }\nexport const up = () => A.a;\n',
    'namespace',
    UNSTRIPPABLE,
    { line: 1 },
  ],
  [
    'V4_import.cts',
    "import fs = require('node:fs');\nexport const up = () => fs;\n",
    'import equals',
    UNSTRIPPABLE,
    { line: 1 },
  ],
  [
    'V5_syntax.ts',
    'export const up = () => 1;\nexport const down: = 1;\n',
    'Unexpected token `=`',
    'Correct the syntax',
    { line: 2, column: 20 },
  ],
  [
    'V6_syntax.mjs',
    'export const up = () => {\n  return ];\n};\n',
    'Unexpected token',
    'Correct the syntax',
    { line: 2 },
  ],
  ['V7_syntax.cjs', 'exports.up = () => {\n  return ];\n};\n', 'Unexpected token', 'Correct the syntax', { line: 2 }],
  [
    'V8_package.mjs',
    "import knex from 'no-such-package';\nexport const up = knex;\n",
    "Cannot find package 'no-such-package'",
    'Install the package',
    {},
  ],
  [
    'V9_package.cjs',
    "\nexports.up = require('@no/such');\n",
    "Cannot find module '@no/such'",
    'Install the package',
    {},
  ],
  [
    'V10_file.ts',
    "import { a } from './gone.js';\nexport const up = () => a;\n",
    'Cannot find module',
    'extension of the file',
    {},
  ],
  [
    'V11_export.mjs',
    "\nimport { nope } from 'node:fs';\nexport const up = nope;\n",
    "does not provide an export named 'nope'",
    'import type',
    { line: 2 },
  ],
  [
    'V12_require.mjs',
    "const fs = require('node:fs');\nexport const up = () => fs;\n",
    'require is not defined',
    'name it .cjs',
    { line: 1, column: 12 },
  ],
  [
    'V13_module.mjs',
    'module.exports = { up() {} };\n',
    'module is not defined',
    'name it .cjs',
    { line: 1, column: 1 },
  ],
  ['V14_export.cjs', 'export const up = () => 1;\n', "Unexpected token 'export'", 'name it .mjs', { line: 1 }],
  [
    'V15_import.cjs',
    "import 'node:fs';\nexports.up = () => 1;\n",
    'Cannot use import statement',
    'name it .mjs',
    { line: 1 },
  ],
  [
    'V16_throws.mjs',
    "export const up = () => 1;\n\nthrow new Error('no config');\n",
    'no config',
    'when it is loaded',
    { line: 3, column: 7 },
  ],
  ['V17_throws.mjs', "throw 'a word';\n", 'a word', 'when it is loaded', {}],
  ['V18_throws.mjs', 'throw { code: 5 };\n', 'something that is no error', 'when it is loaded', {}],
  [
    'V19_rejects.mjs',
    "await Promise.reject(new Error('late'));\nexport const up = () => 1;\n",
    'late',
    'when it is loaded',
    { line: 1 },
  ],
  [
    'V20_decorator.mts',
    '\n@made class A {}\nexport const up = () => A;\n',
    'Invalid or unexpected token',
    'Correct the syntax',
    {},
  ],
];

describe('a module that cannot be loaded says where and what to do', () => {
  let outcomes: Readonly<Record<string, Outcome>> = {};
  beforeAll(() => {
    const folder = join(root, 'bad');
    plant(folder, Object.fromEntries(bad.map(([file, text]) => [file, text])));
    outcomes = run(
      folder,
      'const all = {}; for (const file of await discover()) all[file.file] = await load(file); write(all);',
    );
  });
  test.each(bad)('%s', (file, _, words, hint, place) => {
    const outcome = outcomes[file];
    expect(outcome).toMatchObject({ code: 'MODULE_LOAD', place: { file, ...place } });
    expect(outcome?.message).toContain(words);
    expect(outcome?.message?.split('\n')).toHaveLength(1);
    expect(outcome?.hint).toContain(hint);
    expect(outcome?.hint).toMatch(/\S.{10,}/u);
  });
});

test('an error in what a module imports names that file', () => {
  const folder = join(root, 'imports');
  plant(folder, {
    'V1_x.mjs': "import './.lib.mjs';\nexport const up = () => 1;\n",
    '.lib.mjs': "\nthrow new Error('in the library');\n",
  });
  const outcome = run<Outcome>(folder, 'write(await load((await discover())[0]));');
  expect(outcome).toMatchObject({
    code: 'MODULE_LOAD',
    place: { file: expect.stringMatching(/\.lib\.mjs$/u), line: 2 },
  });
  expect(outcome.message).toMatch(/^V1_x\.mjs cannot be loaded: in the library \(in .+\.lib\.mjs\)\.$/u);
});

test.each(['.ts', '.mjs', '.cjs', '.cts', '.js'])(
  'a %s file that was edited is loaded anew by a process that had loaded it',
  (extension) => {
    const folder = join(root, `edited${extension}`);
    plant(folder, {
      [`V1_x${extension}`]: /c[jt]s$/u.test(extension) ? "exports.up = () => 'A';\n" : "export const up = () => 'A';\n",
    });
    const program = `
    import { readFileSync } from 'node:fs';
    const path = 'V1_x${extension}';
    const text = readFileSync(path, 'utf8');
    const seen = [];
    const look = async () => seen.push((await load((await discover())[0])).up ?? 'failed');
    await look(); await look();
    writeFileSync(path, text.replace("'A'", "'B'")); await look();
    writeFileSync(path, text + 'syntax error here'); await look();
    writeFileSync(path, text.replace("'A'", "'C'")); await look();
    writeFileSync(path, text); await look();
    write(seen);`;
    expect(run(folder, program)).toEqual(['A', 'A', 'B', 'failed', 'C', 'A']);
  },
);

test('F68 a module that changed after it was discovered is not loaded', () => {
  const folder = join(root, 'changed');
  plant(folder, { 'V1_x.mjs': esm });
  const outcome = run<Outcome>(
    folder,
    "const [file] = await discover(); writeFileSync('V1_x.mjs', 'export const up = () => 2;'); write(await load(file));",
  );
  expect(outcome).toMatchObject({ code: 'FILE_CHANGED', place: { file: 'V1_x.mjs' } });
});
