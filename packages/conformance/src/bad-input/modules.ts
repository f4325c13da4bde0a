import { codeText, goodFile, type BadInput, type BadInputs } from './bad-input.ts';

/** Code migrations that cannot be loaded, or that are none. */
export const badModules: BadInputs = (target) => {
  const good = goodFile(target, '1');
  const cases: readonly (readonly [name: string, file: string, text: string, code: BadInput['code']])[] = [
    ['with a mistake in its syntax', 'V2_x.mjs', 'export function up( {\n', 'MODULE_LOAD'],
    ['of TypeScript with a mistake in its syntax', 'V2_x.ts', 'export function up(: void {}\n', 'MODULE_LOAD'],
    ['of TypeScript with an enum', 'V2_x.ts', 'enum E { A }\nexport function up() { return E.A; }\n', 'MODULE_LOAD'],
    [
      'of TypeScript with a parameter property',
      'V2_x.ts',
      'class C { constructor(readonly a: number) {} }\nexport function up() { return new C(1); }\n',
      'MODULE_LOAD',
    ],
    ['that throws when it is loaded', 'V2_x.mjs', "throw new Error('on purpose');\n", 'MODULE_LOAD'],
    ['that throws something that is no error', 'V2_x.mjs', "throw 'on purpose';\n", 'MODULE_LOAD'],
    [
      'that imports a package that is not there',
      'V2_x.mjs',
      `import 'a-package-that-is-not-there';\n${codeText}`,
      'MODULE_LOAD',
    ],
    ['that imports a file that is not there', 'V2_x.mjs', `import './gone.mjs';\n${codeText}`, 'MODULE_LOAD'],
    [
      'that imports a name that is not there',
      'V2_x.mjs',
      `import { nothing } from 'node:fs';\n${codeText}`,
      'MODULE_LOAD',
    ],
    ['of the other kind of module', 'V2_x.mjs', 'module.exports = { up() {} };\n', 'MODULE_LOAD'],
    ['without exports', 'V2_x.mjs', 'const up = () => {};\n', 'MODULE_EXPORTS'],
    ['with only a way back', 'V2_x.mjs', 'export function down() {}\n', 'MODULE_EXPORTS'],
    ['whose way up is no function', 'V2_x.mjs', "export const up = 'create table';\n", 'MODULE_EXPORTS'],
    [
      'whose way back is no function',
      'V2_x.mjs',
      'export function up() {}\nexport const down = {};\n',
      'MODULE_EXPORTS',
    ],
    ['with a mistyped way back', 'V2_x.mjs', 'export default { up() {}, dwon() {} };\n', 'MODULE_EXPORTS'],
    ['with a class as its default export', 'V2_x.mjs', 'export default class { up() {} }\n', 'MODULE_EXPORTS'],
    ['with a function as its default export', 'V2_x.mjs', 'export default function up() {}\n', 'MODULE_EXPORTS'],
    ['with a number as its default export', 'V2_x.mjs', 'export default 7;\n', 'MODULE_EXPORTS'],
    [
      'with a default export and names beside it',
      'V2_x.mjs',
      'export function up() {}\nexport default { up() {} };\n',
      'MODULE_EXPORTS',
    ],
    [
      'with a transaction mode that there is not',
      'V2_x.mjs',
      "export default { transaction: 'never', up() {} };\n",
      'MODULE_EXPORTS',
    ],
    [
      'with an option that is neither true nor false',
      'V2_x.mjs',
      "export default { idempotent: 'yes', up() {} };\n",
      'MODULE_EXPORTS',
    ],
    ['of CommonJS without exports', 'V2_x.cjs', 'const up = () => {};\n', 'MODULE_EXPORTS'],
  ];
  return [
    ...cases.map(([name, file, text, code]): BadInput => ({
      name: `a module ${name}`,
      code,
      files: { ...good, [file]: text },
    })),
    {
      name: 'a module without a way back under the strategy down',
      code: 'DOWN_MISSING',
      files: { ...good, 'V2_x.mjs': 'export function up() {}\n' },
      options: { rollback: 'down' },
    },
    {
      name: 'a module that wants no transaction in a run that is one',
      code: 'TRANSACTION_UNFIT',
      files: { 'V2_x.mjs': "export default { transaction: 'none', up() {} };\n" },
      options: { transaction: 'all' },
    },
    {
      name: 'two modules of which only the last is wrong',
      code: 'MODULE_EXPORTS',
      files: { ...good, 'V2_x.mjs': codeText, 'V3_x.mjs': 'export const x = 1;\n' },
    },
  ];
};
