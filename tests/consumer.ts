import { mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { must, packAll, root, run, type Outcome } from './workspace.ts';

/** An empty project outside of this repository, in which packages are installed as they would be published. */
export interface Consumer extends Disposable {
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
  /** Node's own program, or that of the Node that is asked for. */
  readonly node: string;
  write(files: Readonly<Record<string, string>>): void;
  run(command: string, ...args: readonly string[]): Outcome;
}

// CI sets DETENT_TEST_NODE to each supported Node; the repository's own comes first otherwise.
const node = process.env['DETENT_TEST_NODE'] ?? process.execPath;

const env: NodeJS.ProcessEnv = Object.fromEntries(
  Object.entries(process.env).filter(
    ([key]) => !/^(npm_(?!config_)|pnpm_|detent_|vitest|node_options|node_env|database_url)/i.test(key),
  ),
);
env['PATH'] = [dirname(node), process.env['PATH']].join(delimiter);

/** Installs packages of this repository by their names, and others by what npm calls them. */
export function openConsumer(own: readonly string[], others: readonly string[], type: 'module' | 'commonjs'): Consumer {
  const folder = mkdtempSync(join(tmpdir(), 'detent-consumer-'));
  const write: Consumer['write'] = (files) => {
    for (const [path, text] of Object.entries(files)) {
      mkdirSync(dirname(join(folder, path)), { recursive: true });
      writeFileSync(join(folder, path), text);
    }
  };
  must('pnpm', ['build']);
  const tarballs = packAll(join(folder, 'tarballs'));
  const paths = own.map((name) => tarballs.get(name) ?? `${name} was not packed`);
  write({ 'package.json': JSON.stringify({ name: 'consumer', private: true, type }) });
  must('npm', ['install', '--no-audit', '--no-fund', '--prefer-offline', ...paths, ...others], { cwd: folder, env });
  return {
    folder,
    env,
    node,
    write,
    run: (command, ...args) => run(command, args, { cwd: folder, env }),
    [Symbol.dispose]: () => rmSync(folder, { recursive: true, force: true }),
  };
}

/** `name@version`, in the version that a package of this repository is tested with. */
export function inVersionOf(member: string, name: string): string {
  const file = join(root, member, 'node_modules', name, 'package.json');
  const manifest = JSON.parse(readFileSync(file, 'utf8')) as { readonly name: string; readonly version: string };
  return `${manifest.name}@${manifest.version}`;
}
