import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, appendFileSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { basename, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { Client } from 'pg';
import { sideFolder } from './debian.ts';
import { freePort, keep } from './postgres.ts';

/** A server that speaks MongoDB's protocol, and the processes that are to be ended for it. */
export interface DocumentDb {
  readonly port: number;
  readonly keeper: number;
}

const PROGRAMS = 'usr/lib/postgresql/18/bin';
const IDS = { uid: 101, gid: 104 };

/**
 * DocumentDB, an engine with MongoDB's commands inside PostgreSQL, of Debian's packages and unpacked beside the system.
 * `null` where that is no Debian. Gives the port of its PostgreSQL.
 */
export async function startDocumentDb(): Promise<DocumentDb | null> {
  const side = sideFolder({
    name: 'documentdb',
    suite: 'forky',
    package: 'postgresql-18-documentdb',
    also: ['dash', 'coreutils', 'libc-bin', 'tzdata'],
    program: `${PROGRAMS}/postgres`,
  });
  if (side === null) return null;
  const { root } = side;
  prepareRoot(root);
  const folder = mkdtempSync(join(root, 'pg', 'data-'));
  chmodSync(folder, 0o700);
  chownSync(folder, IDS.uid, IDS.gid);
  const data = `/pg/${basename(folder)}`;
  const enter = [`--userspec=${IDS.uid}:${IDS.gid}`, root, `/${PROGRAMS}/`];
  const [userspec = '', , bin = ''] = enter;
  const made = spawnSync(
    '/usr/sbin/chroot',
    [userspec, root, `${bin}initdb`, '-D', `${data}/d`, '--no-sync', '-A', 'trust', '-U', 'postgres'],
    { env: ENVIRONMENT, encoding: 'utf8', timeout: 120_000 },
  );
  if (made.status !== 0) {
    rmSync(folder, { recursive: true, force: true });
    throw new Error(`initdb of DocumentDB: ${made.stderr.trim().slice(-300)}`);
  }
  const port = await freePort();
  appendFileSync(join(folder, 'd/postgresql.conf'), settings(port));
  const keeper = keep(
    folder,
    '/usr/bin/env',
    [
      '-i',
      ...Object.entries(ENVIRONMENT).map(([name, value]) => `${name}=${value}`),
      '/usr/sbin/chroot',
      userspec,
      root,
      `${bin}postgres`,
      '-D',
      `${data}/d`,
    ],
    null,
  );
  await install(port);
  return { port, keeper };
}

/** Puts MongoDB's protocol before it. `standalone`: without replica set and transactions. */
export async function startGateway(
  pgPort: number,
  { standalone = false }: { readonly standalone?: boolean } = {},
): Promise<DocumentDb> {
  const port = await freePort();
  const folder = mkdtempSync(join(process.env['TEST_SERVERS_FOLDER'] ?? '/tmp', 'gateway-'));
  const script = fileURLToPath(new URL('./documentdb-gateway.ts', import.meta.url));
  const args = ['--no-warnings', script, String(pgPort), String(port), standalone ? 'standalone' : 'rs0'];
  return { port, keeper: keep(folder, process.execPath, args, null, 'SIGTERM') };
}

const ENVIRONMENT = { LC_ALL: 'C.UTF-8', PATH: `/${PROGRAMS}:/usr/bin`, TZ: 'UTC' };

/** What packages leave to the system that they are installed on. */
function prepareRoot(root: string): void {
  for (const folder of ['tmp', 'dev', 'etc', 'run', 'pg']) mkdirSync(join(root, folder), { recursive: true });
  for (const folder of ['tmp', 'pg']) chmodSync(join(root, folder), 0o1777);
  for (const folder of ['bin', 'sbin', 'lib', 'lib64'])
    if (!existsSync(join(root, folder))) symlinkSync(`usr/${folder}`, join(root, folder));
  for (const [name, minor] of [
    ['null', '3'],
    ['urandom', '9'],
  ] as const)
    if (!existsSync(join(root, 'dev', name)))
      spawnSync('mknod', ['-m', '666', join(root, 'dev', name), 'c', '1', minor]);
  const control = join(root, 'usr/share/postgresql/18/extension/postgis.control');
  if (!existsSync(control)) symlinkSync('postgis-3.control', control);
  const passwd = join(root, 'etc/passwd');
  if (!existsSync(passwd)) appendFileSync(passwd, `postgres:x:${IDS.uid}:${IDS.gid}::/tmp:/bin/sh\n`);
  const hosts = join(root, 'etc/hosts');
  if (!existsSync(hosts)) appendFileSync(hosts, '127.0.0.1 localhost\n');
}

function settings(port: number): string {
  const libraries = 'pg_cron,pg_documentdb_core,pg_documentdb,pg_documentdb_extended_rum';
  return Object.entries({
    port,
    listen_addresses: "'127.0.0.1'",
    unix_socket_directories: "''",
    max_connections: 300,
    shared_buffers: "'128MB'",
    dynamic_shared_memory_type: 'mmap',
    fsync: 'off',
    synchronous_commit: 'off',
    full_page_writes: 'off',
    jit: 'off',
    shared_preload_libraries: `'${libraries}'`,
    'cron.database_name': "'postgres'",
    // Nothing here is built in the background.
    'cron.launch_active_jobs': 'off',
  })
    .map(([name, value]) => `${name} = ${value}\n`)
    .join('');
}

async function install(port: number): Promise<void> {
  for (const end = Date.now() + 60_000; ; await sleep(50)) {
    const client = new Client({ host: '127.0.0.1', port, user: 'postgres', database: 'postgres' });
    client.on('error', () => undefined);
    try {
      await client.connect();
      await client.query('CREATE EXTENSION IF NOT EXISTS documentdb CASCADE');
      await client.query('CREATE EXTENSION IF NOT EXISTS documentdb_extended_rum');
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    } finally {
      await client.end().catch(() => undefined);
    }
  }
}
