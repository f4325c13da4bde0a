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
import { homedir, tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { answering, ARGUMENTS, USER, urlOf, type Found, type MysqlServer } from './mysql-common.ts';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';
import { freePort, keep } from './postgres.ts';

/** MySQL of Oracle, shared as MariaDB is. `null`, and said at the end of the run, where none can be had: it is in no stable Debian. */
export async function mysqlServer(suite = 'shared'): Promise<MysqlServer | null> {
  const { url, source } = await once<Found>(`mysql-${suite}`, find);
  if (url !== null) return { product: 'MySQL', url, source };
  reportNotRun({ suite: 'MySQL', reason: source, required: false });
  return null;
}

async function find(): Promise<Found> {
  const given = process.env['DETENT_TEST_MYSQL_URL'];
  if (given !== undefined) return { url: given, source: 'DETENT_TEST_MYSQL_URL' };
  const reasons: string[] = [];
  for (const way of [fromDocker, fromMachine, fromSideFolder]) {
    try {
      const found = await way();
      if (found !== null) return found;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { url: null, source: reasons.join('; ') || 'no Docker, no mysqld, no package of Debian' };
}

async function fromDocker(): Promise<Found | null> {
  if (spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status !== 0)
    return null;
  const port = await freePort();
  const args = ['run', '--rm', '--name', `detent-mysql-${port}`, '-e', 'MYSQL_ROOT_PASSWORD=geheim'];
  const folder = mkdtempSync(join(tmpdir(), 'detent-docker-'));
  const keeper = keep(folder, 'docker', [...args, '-p', `127.0.0.1:${port}:3306`, 'mysql:8.4', '--skip-log-bin'], null);
  return answering({ url: urlOf(port, 'root'), source: 'Docker, mysql:8.4', keeper }, 120_000);
}

/** A `mysqld` may be MariaDB's, which says so. */
async function fromMachine(): Promise<Found | null> {
  const program = ['/usr/sbin', '/usr/local/mysql/bin', '/opt/homebrew/bin']
    .map((folder) => join(folder, 'mysqld'))
    .find((path) => existsSync(path));
  if (program === undefined) return null;
  const version = spawnSync(program, ['--no-defaults', '--version'], { encoding: 'utf8' }).stdout;
  return /mariadb/i.test(version) ? null : start(program, [], program);
}

/** Debian's unstable suite has it: unpacked beside the system, which stays as it is, and kept for the next time. */
async function fromSideFolder(): Promise<Found | null> {
  if (process.getuid?.() !== 0 || process.platform !== 'linux') return null;
  if (!existsSync('/usr/bin/apt-get') || !existsSync('/usr/bin/dpkg-deb')) return null;
  const root = sideFolder();
  if (root === null) return null;
  const loader = ['usr/lib64', 'usr/lib']
    .filter((folder) => existsSync(join(root, folder)))
    .flatMap((folder) => readdirSync(join(root, folder)).map((name) => join(root, folder, name)))
    .find((path) => /\/ld-linux-[^/]*$/.test(path));
  if (loader === undefined) throw new Error('the package of Debian came without a loader for its libraries');
  const folders = readdirSync(join(root, 'usr/lib')).filter((name) => name.endsWith('-linux-gnu'));
  const libraries = folders.map((name) => join(root, 'usr/lib', name)).join(':');
  const program = join(root, 'usr/sbin/mysqld');
  return start(loader, ['--library-path', libraries, program], 'Debian sid, mysql-server-core', [
    `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
    `--character-sets-dir=${join(root, 'usr/share/mysql/charsets')}`,
    `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`,
  ]);
}

function sideFolder(): string | null {
  const cache = join(process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache'), 'detent-tests');
  const root = join(cache, 'mysql');
  if (existsSync(join(root, 'usr/sbin/mysqld'))) return root;
  mkdirSync(cache, { recursive: true });
  const work = mkdtempSync(join(cache, 'mysql-'));
  try {
    fetchInto(work);
    renameSync(join(work, 'root'), root);
    return root;
  } finally {
    rmSync(work, { recursive: true, force: true });
  }
}

/** Lets apt resolve the package with all it needs as if nothing were installed, and unpacks that. */
function fetchInto(work: string): void {
  for (const folder of ['lists/partial', 'cache/archives/partial', 'state', 'root'])
    mkdirSync(join(work, folder), { recursive: true });
  writeFileSync(join(work, 'state/status'), '');
  const keys = '/usr/share/keyrings/debian-archive-keyring.gpg';
  writeFileSync(
    join(work, 'list.sources'),
    `Types: deb\nURIs: ${mirror()}\nSuites: sid\nComponents: main\nSigned-By: ${keys}\n`,
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
  run('apt-get', '-qq', '-y', '--download-only', 'install', 'mysql-server-core');
  const archives = join(work, 'cache/archives');
  for (const name of readdirSync(archives).filter((file) => file.endsWith('.deb')))
    run('dpkg-deb', '-x', join(archives, name), join(work, 'root'));
}

/** The one that this machine installs from. */
function mirror(): string {
  for (const file of ['/etc/apt/sources.list.d/debian.sources', '/etc/apt/sources.list']) {
    const found = existsSync(file)
      ? /^(?:URIs:|deb(?:\s+\[[^\]]*\])?)\s+(\S+)/m.exec(readFileSync(file, 'utf8'))?.[1]
      : undefined;
    if (found !== undefined) return found;
  }
  return 'http://deb.debian.org/debian';
}

async function start(
  program: string,
  before: readonly string[],
  source: string,
  more: readonly string[] = [],
): Promise<Found> {
  const folder = mkdtempSync(join(tmpdir(), 'detent-mysql-'));
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  const base = [...before, '--no-defaults', `--datadir=${join(folder, 'data')}`, ...user, ...more, ...ARGUMENTS];
  const made = spawnSync(program, [...base, '--initialize-insecure'], { timeout: 120_000 });
  if (made.status !== 0)
    throw new Error(`mysqld could not make its tables: ${made.stderr.toString().trim().slice(-300)}`);
  const init = join(folder, 'init.sql');
  writeFileSync(init, USER);
  const port = await freePort();
  const place = [`--port=${port}`, `--socket=${join(folder, 's')}`, `--pid-file=${join(folder, 'pid')}`];
  const args = [...base, ...place, '--mysqlx=OFF', '--secure-file-priv=NULL', `--init-file=${init}`];
  return answering({ url: urlOf(port), source, keeper: keep(folder, program, args, null, 'SIGTERM') }, 60_000);
}
