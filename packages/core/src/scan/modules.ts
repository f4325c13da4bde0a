import { DetentError, type Problem } from '../errors.ts';
import { nearest } from '../nearest.ts';
import type { Migration, MigrationOptions } from '../migration.ts';

/** Both directions of a code migration, whichever way its file exports them. */
export interface MigrationModule extends MigrationOptions {
  readonly kind: 'module';
  /** `null` only in the `down` file of a pair. */
  readonly up: Migration['up'] | null;
  /** `null` when there is no way back. */
  readonly down: Migration['up'] | null;
}

export interface RefusedModule {
  readonly kind: 'refused';
  readonly problems: readonly Problem[];
}

const KEYS = ['up', 'down', 'transaction', 'foreignKeys', 'idempotent'] as const;
const MADE_BY_COMPILERS = new Set(['default', 'module.exports', '__esModule']);

/**
 * Reads what a module exports: `up` and `down` by name, in its default export, or in `module.exports`.
 * `part` says what is wanted of the file; everything that is wrong is told at once, as `MODULE_EXPORTS`.
 */
export function readMigrationModule(namespace: unknown, file: string, part: 'whole' | 'up' | 'down' = 'whole'): MigrationModule | RefusedModule {
  const problems: Problem[] = [];
  const refuse = (message: string, hint: string): void => {
    problems.push(new DetentError('MODULE_EXPORTS', `${file} ${message}.`, { hint, facts: { place: { file } } }));
  };
  const source = findSource(namespace, refuse);
  if (source === null) return { kind: 'refused', problems };

  const isModule = source === namespace || Object.hasOwn(source, '__esModule') || isCommonJs(namespace);
  for (const key of unknownKeys(source, isModule)) {
    const near = nearest(key, KEYS);
    const hint = near === null ? '' : `Did you mean "${near}"? `;
    refuse(`exports "${key}", which means nothing here`, `${hint}Known are ${KEYS.join(', ')}.`);
  }
  const { transaction, foreignKeys, idempotent } = source;
  const direction = (name: 'up' | 'down'): Migration['up'] | null => {
    const written = source[name];
    if (isFunction(written)) return written.bind(source);
    if (written !== undefined && written !== null) refuse(`exports "${name}", but not as a function`, `Write: export async function ${name}(db) { … }.`);
    return null;
  };
  const up = direction('up');
  const down = direction('down');
  if (part !== 'down' && up === null && absent(source['up'])) {
    refuse('does not export "up"', 'Write: export async function up(db) { … }.');
  }
  if (part === 'down' && down === null && absent(source['down'])) {
    refuse('does not export "down"', 'Write: export async function down(db) { … }.');
  }
  const other = part === 'up' ? 'down' : 'up';
  if (part !== 'whole' && !absent(source[other])) {
    refuse(`is named as the ${part} part and exports "${other}" too`, `Move "${other}" into the .${other} file, or take .${part} out of the name.`);
  }
  if (!absent(transaction) && transaction !== 'each' && transaction !== 'none') {
    refuse('has a "transaction" that is neither "each" nor "none"', 'Leave it out to take what the configuration says.');
  }
  for (const [key, value] of Object.entries({ foreignKeys, idempotent })) {
    if (!absent(value) && typeof value !== 'boolean') refuse(`has a "${key}" that is neither true nor false`, 'Leave it out to take what is usual.');
  }
  if (problems.length > 0) return { kind: 'refused', problems };
  return {
    kind: 'module',
    up,
    down,
    ...(transaction === 'each' || transaction === 'none' ? { transaction } : {}),
    ...(typeof foreignKeys === 'boolean' ? { foreignKeys } : {}),
    ...(typeof idempotent === 'boolean' ? { idempotent } : {}),
  };
}

type Exports = Readonly<Record<string, unknown>>;

/** The object that holds `up` and `down`. */
function findSource(namespace: unknown, refuse: (message: string, hint: string) => void): Exports | null {
  if (!isObject(namespace)) {
    refuse('exports no migration', 'Export functions up and down.');
    return null;
  }
  const exported = defaultOf(namespace);
  if (isObject(exported)) {
    const twice = KEYS.filter((key) => !absent(namespace[key]) && namespace[key] !== exported[key]);
    if (twice.length === 0) return exported;
    refuse(`exports "${twice[0] ?? ''}" by name and a default export beside it`, 'Keep one of the two.');
    return null;
  }
  if (absent(exported) || !absent(namespace['up']) || !absent(namespace['down'])) return namespace;
  if (isFunction(exported)) {
    const made = /^class\b/u.test(Function.prototype.toString.call(exported)) ? 'a class' : 'a function';
    refuse(`has ${made} as its default export`, 'Export an object with up and down: export default defineMigration({ async up(db) { … } }).');
    return null;
  }
  refuse('has a default export that is no migration', 'Export functions up and down.');
  return null;
}

/** What was compiled to CommonJS has its default export one level deeper. */
function defaultOf(namespace: Exports): unknown {
  const exported = namespace['default'];
  return isObject(exported) && exported['__esModule'] === true && isObject(exported['default']) ? exported['default'] : exported;
}

/** A module may export more than its migration, so there only what looks mistyped is told; an object may not. */
function unknownKeys(source: Exports, isModule: boolean): string[] {
  const prototype: unknown = Object.getPrototypeOf(source);
  if (prototype !== Object.prototype && prototype !== null) return [];
  return Object.keys(source).filter((key) => {
    if (MADE_BY_COMPILERS.has(key) || KEYS.some((known) => known === key)) return false;
    if (!isModule) return true;
    const near = nearest(key, KEYS);
    return near !== null && absent(source[near]);
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

function isFunction(value: unknown): value is Migration['up'] {
  return typeof value === 'function';
}
