import { readFileSync } from 'node:fs';
import { pathToFileURL } from 'node:url';
import { checkShape, DetentError, didYouMean, OPTION_SHAPES, type DetentConfig, type Shape } from '@detent/core';
import { checkedFrom } from './keys.ts';

const SHAPES: Readonly<Record<string, Shape>> = { url: { kind: 'text' }, ...OPTION_SHAPES };

/** A file's settings, with the chosen environment still apart. */
export interface Loaded {
  readonly base: Omit<DetentConfig, 'environments'>;
  readonly environment: Omit<DetentConfig, 'environments'>;
}

/** Reads and checks a configuration. Throws `CONFIG` naming the key, the file and the nearest right one. */
export async function loadConfig(file: string, environment: string | null): Promise<Loaded> {
  const config = file.endsWith('.json') ? readJson(file) : await importModule(file);
  if (!isObject(config)) {
    throw wrong(
      file,
      `${file} gives no configuration.`,
      file.endsWith('.json') ? 'Write an object: { "url": "…" }.' : 'Write `export default defineConfig({ … })`.',
    );
  }
  const { environments = {}, ...base } = config;
  checkedFrom(file, () => checkShape(base, { ...SHAPES, environments: { kind: 'record' } }, ''));
  if (!isObject(environments)) throw wrong(file, 'environments must be an object of configurations by name.');
  for (const [name, part] of Object.entries(environments))
    checkedFrom(file, () => checkShape(part, SHAPES, `environments.${name}`));
  return { base, environment: environment === null ? {} : chosen(environments, environment, file) };
}

function chosen(environments: Record<string, unknown>, name: string, file: string): Record<string, unknown> {
  const part = Object.hasOwn(environments, name) ? environments[name] : undefined;
  if (isObject(part)) return part;
  const known = Object.keys(environments);
  const hint =
    known.length === 0
      ? 'Add `environments: { … }` to it, or leave --env and DETENT_ENV out.'
      : `It has ${known.join(', ')}.`;
  throw wrong(file, `The configuration has no environment "${name}"${didYouMean(name, known) || '.'}`, hint);
}

function readJson(file: string): unknown {
  try {
    return JSON.parse(readFileSync(file, 'utf8').replace(/^\ufeff/, ''));
  } catch (cause) {
    throw wrong(file, `${file} cannot be read: ${wordsOf(cause)}.`, 'Correct its JSON.', cause);
  }
}

async function importModule(file: string): Promise<unknown> {
  try {
    const module: unknown = await import(pathToFileURL(file).href);
    return isObject(module) ? module['default'] : undefined;
  } catch (cause) {
    if (cause instanceof DetentError) throw wrong(file, cause.message, cause.hint, cause);
    throw wrong(file, `${file} cannot be loaded: ${wordsOf(cause)}.`, loadHint(cause), cause);
  }
}

function loadHint(cause: unknown): string {
  const code = isObject(cause) ? cause['code'] : undefined;
  if (code === 'ERR_MODULE_NOT_FOUND') return 'Install what it imports.';
  if (code === 'ERR_UNSUPPORTED_TYPESCRIPT_SYNTAX')
    return 'Node removes types and translates nothing: write it without enum, namespace and parameter properties.';
  return 'Correct it; `node <file>` shows the same error.';
}

function wrong(file: string, message: string, hint?: string, cause?: unknown): DetentError {
  return new DetentError('CONFIG', message, {
    ...(hint === undefined ? {} : { hint }),
    facts: { place: { file } },
    cause,
  });
}

function wordsOf(thrown: unknown): string {
  const words = thrown instanceof Error ? (thrown.message.trim().split('\n')[0] ?? '') : String(thrown);
  return words.replace(/\.$/, '');
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}
