import { dirname, resolve } from 'node:path';
import { DetentError, didYouMean, type DatabaseAdapter, type DetentConfig, type Options } from '@detent/core';
import type { Invocation } from '../io.ts';
import { adapterNameOf, knownAdapterName, loadAdapter, type LoadAdapter } from './adapters.ts';
import { findConfig } from './find.ts';
import { KEYS, OTHER_VARIABLES, parseValue } from './keys.ts';
import { loadConfig } from './load.ts';

/** Where a value comes from: a file, an environment of it, a variable, a flag. A value of no origin is the default. */
export type Origins = ReadonlyMap<string, string>;

export interface Configuration {
  readonly options: Options;
  readonly origins: Origins;
  /** `null` when there is none. */
  readonly file: string | null;
  readonly environment: string | null;
  /** The project: where the configuration stands, or else where the user stands. */
  readonly root: string;
  /** `null` when the adapter was configured without one. */
  readonly url: string | null;
  readonly warnings: readonly string[];
}

/** What a configuration depends on. */
export type ConfigRequest = Pick<Invocation, 'env' | 'folder'> & {
  readonly flags: Pick<Invocation['flags'], 'values' | 'sets'>;
};

type Layer = Record<string, unknown>;

/** What is configured without a database: enough to write files. */
export type Sources = Omit<Configuration, 'options'> & {
  readonly options: Omit<Options, 'adapter'>;
  readonly adapter: DatabaseAdapter | null;
};

/** Brings together file < environment of the file < variables < flags. Throws `CONFIG`. Moves to the project's root. */
export async function resolveSources(invocation: ConfigRequest): Promise<Sources> {
  const { flags, env, folder } = invocation;
  const flag = (name: string): string | null => stringOr(flags.values.get(name));
  const file = findConfig(folder, flag('config') ?? env['DETENT_CONFIG'] ?? null);
  const root = file === null ? folder : dirname(file);
  // What a configuration says in relative paths is meant from where it stands.
  process.chdir(root);
  const environment = flag('env') ?? (env['DETENT_ENV'] || null);
  if (environment !== null && file === null) {
    throw new DetentError('CONFIG', `There is no configuration to have an environment "${environment}".`, {
      hint: 'Write one with `detent init`, or leave --env and DETENT_ENV out.',
    });
  }
  const loaded = file === null ? { base: {}, environment: {} } : await loadConfig(file, environment);
  const origins = new Map<string, string>();
  const values: Layer = {};
  const put = (path: string, value: unknown, from: string): void => {
    setAt(values, path, value);
    origins.set(path, from);
  };
  for (const [path, value] of leaves(loaded.base)) put(path, value, file ?? '');
  for (const [path, value] of leaves(loaded.environment)) put(path, value, `${file ?? ''} (${environment ?? ''})`);
  for (const name of ['DATABASE_URL', 'DETENT_URL']) if (env[name]) put('url', env[name], name);
  for (const key of KEYS) {
    const text = env[key.variable];
    if (text !== undefined && text !== '') put(key.path, parseValue(key, text, key.variable), key.variable);
  }
  if (flag('url') !== null) put('url', flag('url'), '--url');
  for (const [name, path] of flags.sets) {
    const value = flags.values.get(name);
    const key = KEYS.find((item) => item.path === path);
    if (value === undefined || key === undefined) continue;
    const parsed = value === true ? true : parseValue(key, value, `--${name}`);
    put(path, path === 'migrations' && typeof parsed === 'string' ? resolve(folder, parsed) : parsed, `--${name}`);
  }
  const { url, adapter, ...options } = values as DetentConfig & { url?: string };
  const rooted = { ...options, cwd: options.cwd === undefined ? root : resolve(root, options.cwd) };
  return {
    options: rooted,
    adapter: adapter ?? null,
    origins,
    file,
    environment,
    root,
    url: url ?? null,
    warnings: unknownVariables(env),
  };
}

/** As `resolveSources`, with the adapter. Throws `CONFIG` also when nothing says which database. */
export async function resolveConfig(
  invocation: ConfigRequest,
  load: LoadAdapter = loadAdapter,
): Promise<Configuration> {
  const sources = await resolveSources(invocation);
  const { options, adapter, url, origins, root, warnings } = sources;
  const from = origins.get('url') ?? '';
  const chosen = await chooseAdapter(adapter, url, from, { root, folder: invocation.folder, load });
  return { ...sources, options: { ...options, adapter: chosen.adapter }, warnings: [...warnings, ...chosen.warnings] };
}

async function chooseAdapter(
  configured: DatabaseAdapter | null,
  url: string | null,
  from: string,
  { root, folder, load }: { readonly root: string; readonly folder: string; readonly load: LoadAdapter },
): Promise<{ readonly adapter: DatabaseAdapter; readonly warnings: readonly string[] }> {
  if (configured === null && url === null) {
    throw new DetentError('CONFIG', 'Nothing says which database is meant.', {
      hint: 'Run `detent init`, set DATABASE_URL, or pass --url, such as --url sqlite:app.db.',
    });
  }
  if (url === null) return { adapter: configured as DatabaseAdapter, warnings: [] };
  // A relative path on the command line is meant from where the user stands.
  if (from === '--url') process.chdir(folder);
  try {
    if (configured === null) return { adapter: await load(knownAdapterName(url, from), url, root), warnings: [] };
    const name = adapterNameOf(url);
    if (name === configured.name || (name === null && from !== 'DATABASE_URL'))
      return { adapter: configured.at(url), warnings: [] };
    if (from === 'DATABASE_URL') {
      return {
        adapter: configured,
        warnings: [
          `DATABASE_URL is not a URL of ${configured.name}, which is configured; it was left alone. DETENT_URL or --url would be taken.`,
        ],
      };
    }
    return { adapter: await load(knownAdapterName(url, from), url, root), warnings: [] };
  } finally {
    process.chdir(root);
  }
}

/** A misspelt variable would otherwise be passed over in silence. */
function unknownVariables(env: NodeJS.ProcessEnv): string[] {
  const known = [...KEYS.map(({ variable }) => variable), ...OTHER_VARIABLES];
  return Object.keys(env)
    .filter((name) => name.startsWith('DETENT_') && !name.startsWith('DETENT_TEST_') && !known.includes(name))
    .map((name) => ({ name, meant: didYouMean(name, known) }))
    .filter(({ meant }) => meant !== '')
    .map(({ name, meant }) => `There is no variable ${name}${meant}`);
}

/** `{ backup: { folder: 'x' } }` → `backup.folder`, `x`. Only the groups of settings are taken apart. */
function leaves(layer: object): [path: string, value: unknown][] {
  const groups = new Set(KEYS.flatMap(({ path }) => (path.includes('.') ? [path.split('.')[0] ?? ''] : [])));
  return Object.entries(layer).flatMap(([key, value]): [string, unknown][] => {
    if (value === undefined) return [];
    if (!groups.has(key)) return [[key, value]];
    return Object.entries(value as object).map(([name, item]): [string, unknown] => [`${key}.${name}`, item]);
  });
}

function setAt(target: Layer, path: string, value: unknown): void {
  const [first = '', second] = path.split('.');
  if (second === undefined) target[first] = value;
  else target[first] = { ...(target[first] as Layer | undefined), [second]: value };
}

function stringOr(value: string | true | undefined): string | null {
  return typeof value === 'string' ? value : null;
}
