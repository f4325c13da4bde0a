import { misuse } from './errors.ts';
import { didYouMean, nearest } from './nearest.ts';

/** What a value may be. */
export type Shape =
  | { readonly kind: 'text' }
  | { readonly kind: 'boolean' }
  | { readonly kind: 'number'; readonly min: number }
  | { readonly kind: 'choice'; readonly of: readonly string[] }
  | { readonly kind: 'object'; readonly keys: Readonly<Record<string, Shape>> }
  | { readonly kind: 'functions'; readonly of: readonly string[] }
  | { readonly kind: 'function' }
  | { readonly kind: 'list' }
  | { readonly kind: 'record' }
  | { readonly kind: 'adapter' }
  | { readonly kind: 'source' }
  | { readonly kind: 'logger' };

/** Throws `CONFIG` for the first key that is unknown or has a wrong value. `path` is put before the key's name. */
export function checkShape(value: unknown, keys: Readonly<Record<string, Shape>>, path: string): void {
  if (!isObject(value)) {
    const name = path === '' ? 'The options' : path;
    throw misuse(`${name} must be an object, not ${describe(value)}.`, 'Write it as { name: value }.');
  }
  for (const [key, item] of Object.entries(value)) {
    const name = path === '' ? key : `${path}.${key}`;
    const shape = Object.hasOwn(keys, key) ? keys[key] : undefined;
    if (shape === undefined) {
      const known = Object.keys(keys);
      throw misuse(`There is no option "${name}"${didYouMean(key, known) || '.'}`, `Known here: ${known.join(', ')}.`);
    }
    if (item !== undefined) checkValue(item, shape, name);
  }
}

function checkValue(value: unknown, shape: Shape, name: string): void {
  const wrong = (wanted: string, hint = `Correct ${name}, or leave it out for its default.`): never => {
    throw misuse(`${name} must be ${wanted}, not ${describe(value)}.`, hint);
  };
  switch (shape.kind) {
    case 'text':
      if (typeof value !== 'string' || value === '' || value.includes('\0')) wrong('a text that is not empty');
      return;
    case 'boolean':
      if (typeof value !== 'boolean') wrong('true or false');
      return;
    case 'number':
      if (typeof value !== 'number' || !Number.isFinite(value) || value < shape.min)
        wrong(`a number of at least ${shape.min}`);
      return;
    case 'choice':
      if (typeof value !== 'string' || !shape.of.includes(value)) {
        const near = typeof value === 'string' ? nearest(value, shape.of) : null;
        wrong(
          `one of ${shape.of.map((item) => `"${item}"`).join(', ')}`,
          near === null ? undefined : `Did you mean "${near}"?`,
        );
      }
      return;
    case 'object':
      checkShape(value, shape.keys, name);
      return;
    case 'functions':
      checkShape(value, Object.fromEntries(shape.of.map((key) => [key, { kind: 'function' } as const])), name);
      return;
    case 'function':
      if (typeof value !== 'function') wrong('a function');
      return;
    case 'list':
      if (!Array.isArray(value) || value.some((item) => typeof item !== 'string')) wrong('a list of texts');
      return;
    case 'record':
      if (!isObject(value) || Object.values(value).some((item) => typeof item !== 'string'))
        wrong('an object of texts');
      return;
    case 'adapter':
      if (!isObject(value) || typeof value['open'] !== 'function' || typeof value['parse'] !== 'function') {
        wrong('an adapter', 'Call the function of an adapter package and pass what it gives.');
      }
      return;
    case 'source':
      if (typeof value === 'string' ? value === '' : !isObject(value) || typeof value['discover'] !== 'function') {
        wrong('a folder or a source of migrations', 'Give a path, directory(…) or fromModules({…}).');
      }
      return;
    case 'logger':
      if (!isObject(value) || ['debug', 'info', 'warn', 'error'].some((verb) => typeof value[verb] !== 'function')) {
        wrong('an object with debug, info, warn and error');
      }
      return;
  }
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as an error may show it: never its content, which may be secret, unless it is short and plain. */
function describe(value: unknown): string {
  if (typeof value === 'string')
    return value.length <= 30 && !/[:@/]/.test(value) ? JSON.stringify(value) : 'another text';
  if (typeof value === 'number' || typeof value === 'boolean' || value === null || value === undefined)
    return String(value);
  if (Array.isArray(value)) return 'a list';
  return typeof value === 'function' ? 'a function' : 'an object';
}
