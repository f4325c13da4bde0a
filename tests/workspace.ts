import { spawnSync } from 'node:child_process';
import { globSync, mkdirSync, readFileSync } from 'node:fs';
import { dirname, join, resolve, sep } from 'node:path';
import process from 'node:process';

export const root: string = resolve(import.meta.dirname, '..');

/** Kept between runs, ignored by git: timings, reports, and what suites say about themselves. */
export const cache: string = join(root, 'node_modules/.cache/detent');

export interface Member {
  readonly name: string;
  /** From the root, with `/`. */
  readonly folder: string;
}

/** The packages that are published, sorted by folder. */
export function publicPackages(): Member[] {
  return globSync('packages/{*,*/*}/package.json', { cwd: root })
    .toSorted()
    .flatMap((file) => {
      const manifest = JSON.parse(readFileSync(join(root, file), 'utf8')) as { name: string; private?: boolean };
      const folder = dirname(file).split(sep).join('/');
      return manifest.private === true ? [] : [{ name: manifest.name, folder }];
    });
}

export interface Outcome {
  readonly status: number;
  /** Standard output alone. */
  readonly stdout: string;
  /** Standard output, then standard error. */
  readonly output: string;
}

export function run(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Outcome {
  const done = spawnSync(command, args, {
    cwd: options.cwd ?? root,
    env: options.env ?? process.env,
    encoding: 'utf8',
    maxBuffer: 64 * 1024 * 1024,
  });
  const output = `${done.stdout ?? ''}${done.stderr ?? ''}${done.error ? `${done.error.message}\n` : ''}`;
  return { status: done.status ?? 1, stdout: done.stdout ?? '', output };
}

/** As `run`, but anything except success is thrown with the whole output. */
export function must(
  command: string,
  args: readonly string[],
  options: { cwd?: string; env?: NodeJS.ProcessEnv } = {},
): Outcome {
  const outcome = run(command, args, options);
  if (outcome.status !== 0)
    throw new Error(`${command} ${args.join(' ')} exited with ${outcome.status}\n${outcome.output}`);
  return outcome;
}

/** Packs every public package as it would be published; package name → absolute path of its tarball. */
export function packAll(destination: string): Map<string, string> {
  mkdirSync(destination, { recursive: true });
  const { stdout } = must('pnpm', [
    '--recursive',
    '--filter',
    './packages/**',
    'pack',
    '--pack-destination',
    destination,
    '--json',
  ]);
  const packed = JSON.parse(stdout.slice(stdout.indexOf('['))) as { name: string; filename: string }[];
  return new Map(packed.map(({ name, filename }) => [name, resolve(destination, filename)]));
}
