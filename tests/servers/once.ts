import { existsSync, mkdirSync, readFileSync, renameSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

/** Where the servers of this run are written down. Set by the global setup; a plain script gets a folder of its own. */
function serversFolder(): string {
  const folder = (process.env['TEST_SERVERS_FOLDER'] ??= join(tmpdir(), `detent-servers-${process.pid}`));
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** The process that servers must not outlive. */
export function serversOwner(): number {
  return Number(process.env['TEST_SERVERS_OWNER'] ?? process.pid);
}

/** Does `start` in the first process that asks; every other waits for what it gave. */
export async function once<T>(name: string, start: () => Promise<T>): Promise<T> {
  const base = join(serversFolder(), name);
  try {
    mkdirSync(`${base}.lock`);
  } catch {
    for (let waited = 0; !existsSync(`${base}.json`); waited += 50) {
      if (waited > 120_000) throw new Error(`${name} was not started by the process that began to.`);
      await sleep(50);
    }
    return JSON.parse(readFileSync(`${base}.json`, 'utf8')) as T;
  }
  const started = await start();
  writeFileSync(`${base}.part`, JSON.stringify(started));
  renameSync(`${base}.part`, `${base}.json`);
  return started;
}
