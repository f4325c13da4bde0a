import { chownSync, existsSync, mkdtempSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { spawnSync } from 'node:child_process';
import { Client } from 'pg';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';
import { freePort, keep, serverIds, type PostgresServer } from './postgres.ts';

/** A pooler in transaction mode in front of a server. */
export interface Pgbouncer {
  /** The same database by way of the pooler. */
  through(databaseUrl: string): string;
}

interface Found {
  readonly port: number | null;
  readonly reason: string;
  readonly keeper?: number;
}

/** Started by the first who asks. `null`, and said at the end of the run, where there is none. */
export async function pgbouncer(server: PostgresServer): Promise<Pgbouncer | null> {
  const found = await once<Found>(`pgbouncer-${server.major}`, () => find(server));
  const { port, reason } = found;
  if (port === null) {
    reportNotRun({ suite: 'PgBouncer', reason, required: false });
    return null;
  }
  return {
    through(databaseUrl) {
      const url = new URL(databaseUrl);
      url.host = `127.0.0.1:${port}`;
      return url.href;
    },
  };
}

/** In place of the one that is installed. */
const named = process.env['DETENT_TEST_PGBOUNCER'];

async function find({ url }: PostgresServer): Promise<Found> {
  const program = programPath() ?? (install() ? programPath() : null);
  if (program === null)
    return {
      port: null,
      reason:
        named === undefined ? 'it is not installed, and no package of Debian can be' : `there is none at ${named}`,
    };
  const ids = serverIds();
  const folder = mkdtempSync(join(tmpdir(), 'detent-pgbouncer-'));
  const port = await freePort();
  const file = join(folder, 'pgbouncer.ini');
  writeFileSync(file, settings(new URL(url), port));
  if (ids !== null) for (const path of [folder, file]) chownSync(path, ids.uid, ids.gid);
  const keeper = keep(folder, program, [file], ids);
  const through = new URL(url);
  through.host = `127.0.0.1:${port}`;
  for (let waited = 0; waited < 10_000; waited += 100) {
    await sleep(100);
    if (await answers(through.href)) return { port, reason: '', keeper };
  }
  return { port: null, reason: 'it was started and does not answer', keeper };
}

/** Few sessions of the server for many clients, so that each transaction may land in another. */
function settings({ hostname, port, username, password }: URL, own: number): string {
  return [
    '[databases]',
    `* = host=${hostname} port=${port} user=${username} password=${password}`,
    '[pgbouncer]',
    'listen_addr = 127.0.0.1',
    `listen_port = ${own}`,
    'unix_socket_dir =',
    // Everybody is the user above.
    'auth_type = any',
    'pool_mode = transaction',
    'default_pool_size = 20',
    'max_client_conn = 500',
    'server_round_robin = 1',
    'server_idle_timeout = 5',
    '',
  ].join('\n');
}

function programPath(): string | null {
  if (named !== undefined) return existsSync(named) ? named : null;
  return (
    ['/usr/sbin/pgbouncer', '/usr/bin/pgbouncer', '/usr/local/bin/pgbouncer'].find((path) => existsSync(path)) ?? null
  );
}

function install(): boolean {
  if (named !== undefined) return false;
  if (process.getuid?.() !== 0 || !existsSync('/usr/bin/apt-get')) return false;
  const env = { ...process.env, DEBIAN_FRONTEND: 'noninteractive' };
  const apt = (...args: readonly string[]): boolean =>
    spawnSync('apt-get', args, { env, stdio: 'ignore', timeout: 120_000 }).status === 0;
  const get = ['install', '-y', '--no-install-recommends', 'pgbouncer'];
  return apt(...get) || (apt('update') && apt(...get));
}

async function answers(url: string): Promise<boolean> {
  const client = new Client({ connectionString: url });
  client.on('error', () => undefined);
  try {
    await client.connect();
    await client.query('SELECT 1');
    return true;
  } catch {
    return false;
  } finally {
    await client.end().catch(() => undefined);
  }
}
