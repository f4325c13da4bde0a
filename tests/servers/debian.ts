import { spawnSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  renameSync,
  rmSync,
  writeFileSync,
} from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';

/** A Debian package with everything that it needs, unpacked beside the system, which stays as it is. */
export interface SideFolder {
  readonly root: string;
  /** The words to put in front of a program of that folder, so that it finds its own libraries. */
  readonly loader: readonly string[];
}

export interface Wanted {
  /** Of the folder, which is kept for the next time. */
  readonly name: string;
  readonly suite: string;
  readonly package: string;
  /** More packages, which it takes for granted on any machine. */
  readonly also?: readonly string[];
  /** A file of the package. */
  readonly program: string;
}

/** Asks the mirror that this machine installs from. `null` where that is no Debian; throws where it does not give it. */
export function sideFolder({ name, suite, package: wanted, also = [], program }: Wanted): SideFolder | null {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return null;
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) return null;
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'detent-tests');
  const root = join(cache, name);
  if (!existsSync(join(root, program))) {
    mkdirSync(cache, { recursive: true });
    const work = mkdtempSync(join(cache, `${name}-`));
    try {
      fetchInto(work, suite, [wanted, ...also]);
      renameSync(join(work, 'root'), root);
    } finally {
      rmSync(work, { recursive: true, force: true });
    }
  }
  return { root, loader: loaderOf(root) };
}

function loaderOf(root: string): readonly string[] {
  const loader = ['usr/lib64', 'usr/lib', 'lib64', 'lib']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((file) => join(root, folder, file)))
    .find((path) => /\/ld-linux-[^/]*$/.test(path));
  if (loader === undefined) throw new Error('the package of Debian came without a loader for its libraries');
  // Releases before the thirteenth have some of them beside /usr.
  const folders = ['usr/lib', 'lib']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((file) => join(root, folder, file)))
    .filter((path) => path.endsWith('-linux-gnu'));
  return [loader, '--library-path', folders.join(':')];
}

/** Lets apt resolve the package with all it needs as if nothing were installed, and unpacks that. */
function fetchInto(work: string, suite: string, wanted: readonly string[]): void {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'state', 'root'])
    mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, 'state/status'), '');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(
    join(work, 'list.sources'),
    `Types: deb\nURIs: ${mirror()}\nSuites: ${suite}\nComponents: main\nSigned-By: ${keys}\n`,
  );
  const settings = {
    'Dir::Etc::sourcelist': join(work, 'list.sources'),
    'Dir::Etc::sourceparts': '-',
    'Dir::State': join(work, 'state'),
    'Dir::State::Lists': join(work, 'lists'),
    'Dir::State::status': join(work, 'state/status'),
    'Dir::Cache': join(work, 'cache'),
    'Acquire::Languages': 'none',
    'APT::Sandbox::User': 'root',
    'APT::Install-Recommends': 'false',
  };
  const configuration = join(work, 'apt.conf');
  writeFileSync(
    configuration,
    Object.entries(settings)
      .map(([name, value]) => `${name} "${value}";\n`)
      .join(''),
  );
  const env = { ...process.env, APT_CONFIG: configuration, DEBIAN_FRONTEND: 'noninteractive' };
  const run = (program: string, ...args: readonly string[]): void => {
    const { status, stderr } = spawnSync(program, args, { env, encoding: 'utf8', timeout: 240_000 });
    if (status !== 0) throw new Error(`${program} ${args[0] ?? ''}: ${stderr.trim().split('\n').at(-1) ?? ''}`);
  };
  run('apt-get', '-qq', 'update');
  run('apt-get', '-qq', '-y', '--download-only', 'install', ...wanted);
  const archives = join(work, 'cache/archives');
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb')))
    run('dpkg-deb', '-x', join(archives, name), join(work, 'root'));
}

function mirror(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    const found = existsSync(file)
      ? /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]
      : undefined;
    if (found !== undefined) return found;
  }
  return 'http://deb.debian.org/debian';
}
