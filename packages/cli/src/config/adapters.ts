import { createRequire } from 'node:module';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { DetentError, didYouMean, type DatabaseAdapter } from '@detent/core';

/** Adapter by the scheme of a URL. Each lives in `@detent/<adapter>`, which exports a function of that name. */
const SCHEMES: Readonly<Record<string, string>> = {
  sqlite: 'sqlite',
  sqlite3: 'sqlite',
  file: 'sqlite',
  postgres: 'postgres',
  postgresql: 'postgres',
  mysql: 'mysql',
  mariadb: 'mysql',
  mongodb: 'mongo',
  'mongodb+srv': 'mongo',
};

/** The adapter that a URL belongs to; `null` for a scheme that nobody knows. Bare paths belong to SQLite by their ending. */
export function adapterNameOf(url: string): string | null {
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== undefined) return SCHEMES[scheme] ?? null;
  return url === ':memory:' || /\.(db3?|sqlite3?)(\?|$)/i.test(url) ? 'sqlite' : null;
}

/** Whether the adapter of that name reads scripts, as far as it is known without loading it. */
export function hasScripts(name: string | null): boolean {
  return name !== 'mongo';
}

/** Throws `CONFIG` for a scheme that nobody knows. Never shows the URL, which may hold a password. */
export function knownAdapterName(url: string, from: string): string {
  const name = adapterNameOf(url);
  if (name !== null) return name;
  const scheme = /^([a-z][a-z0-9+.-]+):/i.exec(url)?.[1];
  const hint = 'Write sqlite:app.db, postgres://…, mysql://… or mongodb://…, or configure an adapter.';
  if (scheme === undefined)
    throw new DetentError('CONFIG', `${from} is not a URL that says which database it is.`, { hint });
  throw new DetentError(
    'CONFIG',
    `${from} has an unknown scheme "${scheme}:"${didYouMean(scheme, Object.keys(SCHEMES)) || '.'}`,
    { hint },
  );
}

/** Makes the adapter of that name for a URL; `folder` is the project's. */
export type LoadAdapter = (name: string, url: string, folder: string) => Promise<DatabaseAdapter>;

/** Loads `@detent/<name>`, the project's own before the one beside this package. Throws `CONFIG` saying what to install. */
export async function loadAdapter(name: string, url: string, folder: string): Promise<DatabaseAdapter> {
  const packageName = `@detent/${name}`;
  const module = (await importFrom(folder, packageName)) as Readonly<Record<string, unknown>>;
  const factory = module[name];
  if (typeof factory !== 'function')
    throw new DetentError('CONFIG', `${packageName} has no adapter.`, {
      hint: `Install the version of ${packageName} that belongs to this one.`,
    });
  return (factory as (options: { url: string }) => DatabaseAdapter)({ url });
}

/** Whether the project can import it by name. */
export function isInstalled(packageName: string, folder: string): boolean {
  return resolveFrom(folder, packageName) !== null;
}

async function importFrom(folder: string, packageName: string): Promise<unknown> {
  try {
    return await import(resolveFrom(folder, packageName) ?? packageName);
  } catch (cause) {
    const code = cause instanceof Error && 'code' in cause ? cause.code : null;
    const isMissing =
      code === 'ERR_MODULE_NOT_FOUND' && cause instanceof Error && cause.message.includes(`'${packageName}'`);
    throw new DetentError(
      'CONFIG',
      isMissing ? `${packageName} is not installed.` : `${packageName} cannot be loaded: ${String(cause)}`,
      {
        hint: `Run \`npm install ${packageName}\` in your project.`,
        cause,
      },
    );
  }
}

function resolveFrom(folder: string, packageName: string): string | null {
  try {
    return pathToFileURL(createRequire(join(folder, 'package.json')).resolve(packageName)).href;
  } catch {
    return null;
  }
}
