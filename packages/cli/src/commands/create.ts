import { mkdir, readdir, readFile, writeFile } from 'node:fs/promises';
import { dirname, join, relative, resolve } from 'node:path';
import { DetentError, type Layout } from '@detent/core';
import { adapterNameOf, hasScripts, isInstalled } from '../config/adapters.ts';
import { resolveSources } from '../config/resolve.ts';
import { writeDocument, type ExitCode, type Invocation } from '../io.ts';
import { habitsOf, templateFor, type Habits } from '../migration-template.ts';
import { nextVersion } from '../next-version.ts';

/** Needs no database, and connects to none. */
export async function run(invocation: Invocation): Promise<ExitCode> {
  const { args, flags, folder: from } = invocation;
  const name = checkedName(args.join('_'));
  if (flags.values.has('sql') && flags.values.has('ts'))
    throw new DetentError('USAGE', '--sql and --ts exclude each other.', { hint: 'Give one of them.' });
  const { options, adapter, url, root } = await resolveSources(invocation);
  const migrations = options.migrations ?? 'migrations';
  if (typeof migrations !== 'string') {
    throw new DetentError('CONFIG', 'The migrations are not a folder, so no file can be written into it.', {
      hint: 'Pass --migrations <folder>.',
    });
  }
  const folder = resolve(options.cwd ?? process.cwd(), migrations);
  const adapterName = adapter?.name ?? (url === null ? null : adapterNameOf(url));
  const scripts = adapter === null ? hasScripts(adapterName) : adapter.scriptExtensions.length > 0;
  if (!scripts && flags.values.has('sql'))
    throw new DetentError('USAGE', 'Migrations of this database are code, so there is no --sql.', {
      hint: 'Leave it out.',
    });
  const language = flags.values.has('ts') || !scripts ? 'ts' : 'sql';
  const { names, habits } = await look(folder, options.layout ?? 'auto');
  const files = templateFor(habits, {
    version: nextVersion(names, new Date()),
    name,
    language,
    commonJs: await isCommonJs(folder),
    scripts,
    importFrom: packageOf(adapterName, root),
  });
  await mkdir(folder, { recursive: true });
  const paths: string[] = [];
  for (const [file, text] of files) {
    const path = join(folder, file);
    await writeFile(path, text, { flag: 'wx' });
    paths.push(path);
  }
  if (flags.json) writeDocument({ created: paths });
  else for (const path of paths) process.stdout.write(`${relative(from, path) || path}\n`);
  return 0;
}

/** By the nearest package.json; one that says nothing leaves it to each file. */
async function isCommonJs(folder: string): Promise<boolean> {
  const text = await readFile(join(folder, 'package.json'), 'utf8').catch(() => null);
  if (text !== null) return /"type"\s*:\s*"commonjs"/.test(text);
  return dirname(folder) !== folder && isCommonJs(dirname(folder));
}

/** What a code migration can import its types from; `null` when nothing is installed. */
function packageOf(adapter: string | null, root: string): string | null {
  const names = [...(adapter === null ? [] : [`@detent/${adapter}`]), '@detent/core'];
  return names.find((name) => isInstalled(name, root)) ?? null;
}

function checkedName(words: string): string {
  const name = words.trim().replace(/\s+/g, '_');
  if (/^[\w-]+$/.test(name)) return name;
  const near = name
    .normalize('NFKD')
    .replace(/\p{M}/gu, '')
    .replace(/[^\w-]+/g, '_')
    .replace(/^_+|_+$/g, '');
  throw new DetentError('USAGE', 'The name of a migration is made of letters, digits, _ and -.', {
    hint: near === '' ? 'Write `detent create add_orders`.' : `Write \`detent create ${near}\`.`,
  });
}

/** The files that are there, and how they are written. */
async function look(
  folder: string,
  layout: Layout,
): Promise<{ readonly names: readonly string[]; readonly habits: Habits }> {
  let names: readonly string[];
  try {
    const entries = await readdir(folder, { recursive: true, withFileTypes: true });
    names = entries.filter((entry) => entry.isFile()).map(({ parentPath, name }) => join(parentPath, name));
  } catch (cause) {
    if (cause instanceof Error && 'code' in cause && cause.code === 'ENOENT') names = [];
    else
      throw new DetentError('FOLDER_MISSING', `The folder ${folder} cannot be read.`, {
        cause,
        hint: 'Correct `migrations` or --migrations.',
      });
  }
  const scripts = names.filter((name) => name.endsWith('.sql')).toSorted();
  const newest = scripts.at(-1);
  const text = newest === undefined ? '' : await readFile(newest, 'utf8');
  return { names, habits: habitsOf(layout, names, text) };
}
