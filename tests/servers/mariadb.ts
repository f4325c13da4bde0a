import { spawnSync } from 'node:child_process';
import { existsSync, mkdirSync, mkdtempSync, readFileSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { dataFolder } from './folder.ts';
import { answering, ARGUMENTS, USER, urlOf, type Found, type MysqlServer } from './mysql-common.ts';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';
import { freePort, keep } from './postgres.ts';

/**
 * Started by the first who asks, shared by all of the same suite: what others do on a server shows in its counters.
 * `null`, and said at the end of the run, where none can be had.
 */
export async function mariadbServer(suite = 'shared'): Promise<MysqlServer | null> {
  const { url, source } = await once<Found>(`mariadb-${suite}`, find);
  if (url !== null) return { product: 'MariaDB', url, source };
  reportNotRun({ suite: 'MariaDB', reason: source, required: true });
  return null;
}

async function find(): Promise<Found> {
  const given = process.env['DETENT_TEST_MARIADB_URL'];
  if (given !== undefined) return { url: given, source: 'DETENT_TEST_MARIADB_URL' };
  return firstOf([() => fromDocker('10.11'), fromMachine, fromDebian], 'no Docker, no mariadbd, no package of Debian');
}

/** `none`: what is said where no way leads anywhere, and none says why. */
export async function firstOf(ways: readonly (() => Promise<Found | null>)[], none: string): Promise<Found> {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      const found = await way();
      if (found !== null) return found;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { url: null, source: reasons.join('; ') || none };
}

export async function fromDocker(release: string): Promise<Found | null> {
  if (spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status !== 0)
    return null;
  const port = await freePort();
  const args = ['run', '--rm', '--name', `detent-mariadb-${port}`, '-e', 'MARIADB_ROOT_PASSWORD=geheim'];
  const folder = mkdtempSync(join(tmpdir(), 'detent-docker-'));
  const image = ['-p', `127.0.0.1:${port}:3306`, `mariadb:${release}`, '--skip-log-bin'];
  const keeper = keep(folder, 'docker', [...args, ...image], null);
  return answering({ url: urlOf(port, 'root'), source: `Docker, mariadb:${release}`, keeper }, 120_000);
}

async function fromMachine(): Promise<Found | null> {
  const program = programPath();
  return program === null ? null : start(program);
}

/** The package of the program alone, which brings no service along. */
async function fromDebian(): Promise<Found | null> {
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return null;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: readonly string[]): boolean =>
    spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: 300_000 }).status === 0;
  const get = ['install', '-y', '--no-install-recommends', 'mariadb-server-core'];
  if (!apt(...get) && !(apt('update') && apt(...get))) return null;
  return fromMachine();
}

export function programPath(): string | null {
  const folders = ['/usr/sbin', '/usr/libexec', '/usr/local/sbin', '/usr/local/bin', '/opt/homebrew/bin'];
  return folders.map((folder) => join(folder, 'mariadbd')).find((path) => existsSync(path)) ?? null;
}

/** The scripts of the system tables; releases from the eleventh on have them under another name. */
const SCRIPTS: readonly (readonly string[])[] = [
  ['mysql_system_tables.sql', 'mariadb_system_tables.sql'],
  ['mysql_performance_tables.sql', 'mariadb_performance_tables.sql'],
  ['mysql_system_tables_data.sql', 'mariadb_system_tables_data.sql'],
  ['maria_add_gis_sp_bootstrap.sql'],
  ['mysql_sys_schema.sql', 'mariadb_sys_schema.sql'],
];

async function start(program: string): Promise<Found> {
  const folder = dataFolder('mariadb');
  return startIn(folder, [program], install([program], folder, ARGUMENTS), program);
}

/** `program`: the words that start it. `base`: what `install` gave. */
export async function startIn(
  folder: string,
  program: readonly string[],
  base: readonly string[],
  source: string,
): Promise<Found> {
  const port = await freePort();
  const [first = '', ...before] = program;
  const keeper = keep(folder, first, [...before, ...base, ...placeOf(folder, port)], null, 'SIGTERM');
  return answering({ url: urlOf(port), source, keeper }, 60_000);
}

/** What a server in that folder is to be told of its place. */
export function placeOf(folder: string, port: number): readonly string[] {
  return [
    `--port=${port}`,
    `--socket=${join(folder, 's')}`,
    `--pid-file=${join(folder, 'pid')}`,
    `--init-file=${join(folder, 'init.sql')}`,
  ];
}

const SHARES = ['/usr/share/mysql', '/usr/share/mariadb', '/opt/homebrew/share/mysql'];

/**
 * Makes the system tables by the server itself: its script asks for half of the client. `program`: the words that start it.
 * Gives its first arguments.
 */
export function install(
  program: readonly string[],
  folder: string,
  settings: readonly string[],
  shares: readonly string[] = SHARES,
): readonly string[] {
  const scripts = shares
    .map((share) => SCRIPTS.map((names) => names.map((name) => join(share, name)).find((path) => existsSync(path))))
    .find((paths) => paths.every((path) => path !== undefined));
  if (scripts === undefined) throw new Error('mariadbd is here, but the scripts of its system tables are not');
  const data = join(folder, 'data');
  mkdirSync(data);
  const user = process.getuid?.() === 0 ? ['--user=root'] : [];
  // A server that starts clears away what it takes for its own in there.
  const tmp = join(folder, 'tmp');
  mkdirSync(tmp);
  const base = ['--no-defaults', `--datadir=${data}`, `--tmpdir=${tmp}`, ...user, ...settings];
  const script = scripts.map((path) => readFileSync(path, 'utf8')).join('\n');
  const [first = '', ...before] = program;
  const made = spawnSync(first, [...before, ...base, '--bootstrap', '--log-warnings=0'], {
    input: `create database mysql;\nuse mysql;\nset @auth_root_socket=NULL;\n${withoutHostName(script)}`,
    timeout: 60_000,
  });
  if (made.status !== 0)
    throw new Error(`mariadbd could not make its system tables: ${made.stderr.toString().slice(-300)}`);
  writeFileSync(join(folder, 'init.sql'), USER);
  return base;
}

/** The account for this machine's name is of no use, and its name is not known here. */
function withoutHostName(script: string): string {
  return script
    .split('\n')
    .filter((line) => !line.includes('current_hostname'))
    .join('\n');
}
