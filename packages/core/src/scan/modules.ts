import { DetentError } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { MigrationFunction, MigrationOptions, MigrationStage } from '../migration.ts';
import { flawsOfStages, isStages, stagesText } from './stages.ts';

/** Both directions of a code migration, whichever way its file exports them. */
export interface MigrationModule<Db = unknown> extends MigrationOptions {
  /** Not there only in the `down` file of a pair. */
  readonly up: Way<Db> | undefined;
  /** Not there when there is no way back. */
  readonly down: Way<Db> | undefined;
}

/** One function, or stages one after another. */
export type Way<Db = unknown> = MigrationFunction<Db> | readonly MigrationStage<Db>[];

const KEYS = ['up', 'down', 'transaction', 'foreignKeys', 'idempotent'] as const;
const MADE_BY_COMPILERS = new Set(['default', 'module.exports', '__esModule']);

/**
 * Reads what a module exports: `up` and `down` by name, in its default export, or in `module.exports`.
 * `part` says what is wanted of the file. Throws `MODULE_EXPORTS`, which tells everything that is wrong at once.
 */
export function readMigrationModule<Db = unknown>(
  namespace: unknown,
  file: string,
  part: 'whole' | 'up' | 'down' = 'whole',
): MigrationModule<Db> {
  const source = findSource(namespace, file);
  const flaws = [...unknownKeys(source, namespace), ...wrongDirections(source, part), ...wrongOptions(source)];
  if (flaws.length > 0) throw refusal(file, flaws);
  const { up, down, transaction, foreignKeys, idempotent } = source;
  return {
    up: wayOf<Db>(up, source),
    down: wayOf<Db>(down, source),
    ...(transaction === 'each' || transaction === 'none' ? { transaction } : {}),
    ...(typeof foreignKeys === 'boolean' ? { foreignKeys } : {}),
    ...(typeof idempotent === 'boolean' ? { idempotent } : {}),
  };
}

/** What stands for the file of a module that has none: its functions as they are written, and its options. */
export function sourceTextOf(namespace: unknown, file: string, part: 'whole' | 'up' | 'down' = 'whole'): string {
  const { up: _up, down: _down, ...options } = readMigrationModule(namespace, file, part);
  const { up, down } = findSource(namespace, file);
  return JSON.stringify([textOf(up), textOf(down), options]);
}

function textOf(way: unknown): string {
  return isStages(way) ? stagesText(way) : String(way);
}

function wayOf<Db>(way: unknown, source: Exports): Way<Db> | undefined {
  if (isStages<Db>(way)) return way;
  return isFunction<Db>(way) ? way.bind(source) : undefined;
}

interface Flaw {
  /** Goes on after the file's name, without a full stop. */
  readonly message: string;
  readonly hint: string;
}

function refusal(file: string, flaws: readonly Flaw[]): DetentError {
  return new DetentError('MODULE_EXPORTS', `${file} ${flaws.map(({ message }) => message).join(', and ')}.`, {
    hint: [...new Set(flaws.map(({ hint }) => hint))].join(' '),
    facts: { place: { file } },
  });
}

function wrongDirections(source: Exports, part: 'whole' | 'up' | 'down'): Flaw[] {
  const flaws: Flaw[] = [];
  const wanted = part === 'down' ? 'down' : 'up';
  const other = wanted === 'up' ? 'down' : 'up';
  const example = (name: string): string => `Write: export async function ${name}(db) { … }`;
  for (const name of ['up', 'down']) {
    if (Array.isArray(source[name])) flaws.push(...flawsOfStages(source[name], name));
    else if (!absent(source[name]) && !isFunction(source[name]))
      flaws.push({ message: `exports "${name}", but not as a function`, hint: example(name) });
  }
  if (absent(source[wanted])) flaws.push({ message: `does not export "${wanted}"`, hint: example(wanted) });
  if (part !== 'whole' && !absent(source[other])) {
    flaws.push({
      message: `is named as the ${part} part and exports "${other}" too`,
      hint: `Move "${other}" into the other file of the pair.`,
    });
  }
  return flaws;
}

function wrongOptions({ transaction, foreignKeys, idempotent }: Exports): Flaw[] {
  const flaws: Flaw[] = [];
  if (!absent(transaction) && transaction !== 'each' && transaction !== 'none') {
    flaws.push({
      message: 'has a "transaction" that is neither "each" nor "none"',
      hint: 'Leave it out to take what the configuration says.',
    });
  }
  for (const [key, value] of Object.entries({ foreignKeys, idempotent })) {
    if (absent(value) || typeof value === 'boolean') continue;
    flaws.push({
      message: `has a "${key}" that is neither true nor false`,
      hint: 'Leave it out to take what is usual.',
    });
  }
  return flaws;
}

type Exports = Readonly<Record<string, unknown>>;

/** The object that holds `up` and `down`. */
function findSource(namespace: unknown, file: string): Exports {
  const refuse = (message: string, hint: string): DetentError => refusal(file, [{ message, hint }]);
  if (!isObject(namespace)) throw refuse('exports no migration', 'Export functions up and down.');
  const exported = defaultOf(namespace);
  if (isObject(exported)) {
    const twice = KEYS.find((key) => !absent(namespace[key]) && namespace[key] !== exported[key]);
    if (twice !== undefined)
      throw refuse(`exports "${twice}" by name and a default export beside it`, 'Keep one of the two.');
    return exported;
  }
  if (absent(exported) || !absent(namespace['up']) || !absent(namespace['down'])) return namespace;
  if (!isFunction(exported)) throw refuse('has a default export that is no migration', 'Export functions up and down.');
  const made = /^class\b/u.test(Function.prototype.toString.call(exported)) ? 'a class' : 'a function';
  throw refuse(
    `has ${made} as its default export`,
    'Export an object with up and down: export default defineMigration({ async up(db) { … } })',
  );
}

/** What was compiled to CommonJS has its default export one level deeper. */
function defaultOf(namespace: Exports): unknown {
  const exported = namespace['default'];
  return isObject(exported) && exported['__esModule'] === true && isObject(exported['default'])
    ? exported['default']
    : exported;
}

/** A module may export more than its migration, so there only what looks mistyped is told; an object may not. */
function unknownKeys(source: Exports, namespace: unknown): Flaw[] {
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype !== Object.prototype && prototype !== null) return [];
  const isModule = source === namespace || Object.hasOwn(source, '__esModule') || isCommonJs(namespace);
  return Object.keys(source).flatMap((key) => {
    if (MADE_BY_COMPILERS.has(key) || KEYS.some((known) => known === key)) return [];
    const near = nearest(key, KEYS);
    if (isModule && (near === null || !absent(source[near]))) return [];
    const meant = near === null ? '' : `Did you mean "${near}"? `;
    return [{ message: `exports "${key}", which means nothing here`, hint: `${meant}Known are ${KEYS.join(', ')}.` }];
  });
}

function isCommonJs(namespace: unknown): boolean {
  return isObject(namespace) && Object.hasOwn(namespace, 'module.exports');
}

function absent(value: unknown): value is null | undefined {
  return value === undefined || value === null;
}

function isObject(value: unknown): value is Exports {
  return typeof value === 'object' && value !== null;
}

function isFunction<Db>(value: unknown): value is MigrationFunction<Db> {
  return typeof value === 'function';
}
