import { expect, test } from 'vitest';
import { DetentError } from '../errors.ts';
import { readMigrationModule } from './modules.ts';

const up = (): string => 'went up';
const down = (): string => 'went down';
const namespace = (exports: Record<string, unknown>): unknown => Object.assign(Object.create(null), exports);

class Made {
  readonly #table = 'users';
  up(): string {
    return `made ${this.#table}`;
  }
}

/** Type tests are elsewhere; here the arguments do not matter. */
const call = (run: unknown): unknown => (typeof run === 'function' ? (run() as unknown) : 'not there');

test.each([
  ['functions by name', namespace({ up, down }), 'went down'],
  ['a default export', namespace({ default: { up, down } }), 'went down'],
  ['module.exports', namespace({ default: { up, down }, up, down, 'module.exports': { up, down } }), 'went down'],
  [
    'an ES module compiled to CommonJS',
    namespace({ default: { __esModule: true, default: { up, down } } }),
    'went down',
  ],
  [
    'named functions compiled to CommonJS',
    namespace({ default: { __esModule: true, up, down }, up, down, __esModule: true }),
    'went down',
  ],
  ['a plain object', { up, down }, 'went down'],
  ['no way back', namespace({ up }), 'not there'],
  ['a way back that is null', namespace({ default: { up, down: null } }), 'not there'],
])('%s', (_, exports, back) => {
  const module = readMigrationModule(exports, 'V1_x.ts');
  expect(call(module.up)).toBe('went up');
  expect(call(module.down)).toBe(back);
});

test('an object keeps its this', () => {
  expect(call(readMigrationModule(namespace({ default: new Made() }), 'V1_x.ts').up)).toBe('made users');
});

test('options are read from both kinds of export', () => {
  const options = { transaction: 'none', foreignKeys: false, idempotent: true };
  expect(readMigrationModule(namespace({ up, ...options }), 'V1_x.ts')).toMatchObject(options);
  expect(readMigrationModule(namespace({ default: { up, ...options } }), 'V1_x.ts')).toMatchObject(options);
});

test('a module may export more than its migration', () => {
  expect(call(readMigrationModule(namespace({ up, TABLE: 'users', helper: up }), 'V1_x.ts').up)).toBe('went up');
});

test.each([
  ['nothing', undefined, 'whole', 'exports no migration'],
  ['an empty module', namespace({}), 'whole', 'does not export "up"'],
  ['only down', namespace({ down }), 'whole', 'does not export "up"'],
  ['an up that is no function', namespace({ up: 'create table' }), 'whole', 'exports "up", but not as a function'],
  ['a down that is no function', namespace({ up, down: 1 }), 'whole', 'exports "down", but not as a function'],
  ['a default function', namespace({ default: up }), 'whole', 'has a function as its default export'],
  ['a default class', namespace({ default: Made }), 'whole', 'has a class as its default export'],
  ['a default text', namespace({ default: 'create table' }), 'whole', 'has a default export that is no migration'],
  ['two ways at once', namespace({ up, default: { up: down } }), 'whole', 'by name and a default export beside it'],
  [
    'an unknown key',
    namespace({ default: { up, transactional: true } }),
    'whole',
    'exports "transactional", which means nothing here',
  ],
  ['a mistyped name', namespace({ up, dwon: down }), 'whole', 'exports "dwon", which means nothing here'],
  ['a wrong case', namespace({ Up: up }), 'whole', 'exports "Up", which means nothing here, and does not export "up"'],
  [
    'a wrong transaction',
    namespace({ up, transaction: 'all' }),
    'whole',
    'has a "transaction" that is neither "each" nor "none"',
  ],
  [
    'a wrong foreignKeys',
    namespace({ up, foreignKeys: 'off' }),
    'whole',
    'has a "foreignKeys" that is neither true nor false',
  ],
  [
    'a wrong idempotent',
    namespace({ up, idempotent: 1 }),
    'whole',
    'has a "idempotent" that is neither true nor false',
  ],
  ['a down in the up part', namespace({ up, down }), 'up', 'is named as the up part and exports "down" too'],
  ['an up in the down part', namespace({ up, down }), 'down', 'is named as the down part and exports "up" too'],
  ['no down in the down part', namespace({}), 'down', 'does not export "down"'],
] as const)('%s is refused', (_, exports, part, words) => {
  let thrown: unknown;
  try {
    readMigrationModule(exports, 'V1_x.ts', part);
  } catch (error) {
    thrown = error;
  }
  if (!(thrown instanceof DetentError)) throw new Error('nothing was refused');
  expect(thrown.code).toBe('MODULE_EXPORTS');
  expect(thrown.message).toContain(words);
  expect(thrown.hint).toMatch(/\S.{10,}/u);
  expect(thrown.facts.place).toEqual({ file: 'V1_x.ts' });
});

test('the hint names what was probably meant', () => {
  expect(() => readMigrationModule({ up, foreignkey: true }, 'V1_x.ts')).toThrow(
    expect.objectContaining({ hint: expect.stringContaining('Did you mean "foreignKeys"?') }),
  );
});
