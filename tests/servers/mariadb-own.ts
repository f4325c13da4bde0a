import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { install, mariadbServer, placeOf, programPath } from './mariadb.ts';
import { answering, urlOf, type MysqlServer } from './mysql-common.ts';
import { reportNotRun } from './not-run.ts';
import { freePort, keep } from './postgres.ts';

/** A server of one's own, which can be killed, and keeps on disk what it has committed. */
export interface OwnServer extends AsyncDisposable {
  readonly server: MysqlServer;
  /** By SIGKILL; it is gone then. */
  kill(): Promise<void>;
  /** Again, on what it left. */
  start(): Promise<void>;
}

const DURABLE: readonly string[] = [
  '--bind-address=127.0.0.1',
  '--innodb-flush-log-at-trx-commit=1',
  '--innodb-buffer-pool-size=64M',
  '--skip-log-bin',
  '--performance-schema=OFF',
];

/** `null`, and said at the end of the run, where there is no program of MariaDB on this machine. */
export async function ownMariadb(settings: readonly string[] = []): Promise<OwnServer | null> {
  // Where it comes from a package, that is installed now.
  await mariadbServer();
  const program = programPath();
  if (program === null) {
    reportNotRun({ suite: 'MariaDB of its own', reason: 'no mariadbd on this machine', required: false });
    return null;
  }
  const folder = mkdtempSync(join(tmpdir(), 'detent-own-'));
  const base = install([program], folder, DURABLE);
  const port = await freePort();
  const server: MysqlServer = { product: 'MariaDB', url: urlOf(port), source: program };
  const start = async (): Promise<void> => {
    // The keeper takes this one away when the server has ended; the data stay.
    const place = mkdtempSync(join(tmpdir(), 'detent-own-'));
    keep(place, program, [...base, ...placeOf(folder, port), ...settings], null, 'SIGTERM');
    await answering({ url: server.url, source: program }, 60_000);
  };
  const kill = async (): Promise<void> => {
    const pid = Number(readFileSync(join(folder, 'pid'), 'utf8'));
    process.kill(pid, 'SIGKILL');
    while (isAlive(pid)) await sleep(5);
  };
  await start();
  return {
    server,
    kill,
    start,
    async [Symbol.asyncDispose]() {
      await kill();
      rmSync(folder, { recursive: true, force: true });
    },
  };
}

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}
