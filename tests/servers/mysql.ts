import { spawnSync } from 'node:child_process';
import { existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { sideFolder } from './debian.ts';
import { dataFolder } from './folder.ts';
import { firstOf } from './mariadb.ts';
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
  return firstOf([fromDocker, fromMachine, fromSideFolder], 'no Docker, no mysqld, no package of Debian');
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

/** Debian's unstable suite has it. */
async function fromSideFolder(): Promise<Found | null> {
  const wanted = { name: 'mysql', suite: 'sid', package: 'mysql-server-core', program: 'usr/sbin/mysqld' };
  const folder = sideFolder(wanted);
  if (folder === null) return null;
  const { root, loader } = folder;
  const [program, ...before] = [...loader, join(root, wanted.program)];
  return start(program, before, 'Debian sid, mysql-server-core', [
    `--lc-messages-dir=${join(root, 'usr/share/mysql')}`,
    `--character-sets-dir=${join(root, 'usr/share/mysql/charsets')}`,
    `--plugin-dir=${join(root, 'usr/lib/mysql/plugin')}`,
  ]);
}

async function start(
  program: string,
  before: readonly string[],
  source: string,
  more: readonly string[] = [],
): Promise<Found> {
  const folder = dataFolder('mysql');
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
