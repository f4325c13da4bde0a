// Runs a server as long as it is wanted: `node keeper.ts <process to outlive by nothing> <data folder> <program> [...arguments]`.
// Ends it when that process is gone or when it is told to, and removes the data folder.
import { spawn } from 'node:child_process';
import { rmSync } from 'node:fs';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

const [owner = '', folder = '', program = '', ...args] = process.argv.slice(2);
const [uid, gid] = (process.env['TEST_SERVER_IDS'] ?? '').split(':').map(Number);
const ids = uid === undefined || gid === undefined || Number.isNaN(uid) ? {} : { uid, gid };

const server = spawn(program, args, { ...ids, cwd: folder, stdio: 'ignore' });
let ended = false;
server.on('exit', () => (ended = true));
server.on('error', () => (ended = true));

function isAlive(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return true;
  } catch {
    return false;
  }
}

let wanted = true;
for (const signal of ['SIGINT', 'SIGTERM', 'SIGHUP'] as const) process.on(signal, () => (wanted = false));

while (!ended && wanted && isAlive(Number(owner))) await sleep(200);
if (!ended) server.kill(process.env['TEST_SERVER_STOP'] === 'SIGTERM' ? 'SIGTERM' : 'SIGINT');
for (let waited = 0; !ended && waited < 5_000; waited += 50) await sleep(50);
if (!ended) server.kill('SIGKILL');
rmSync(folder, { recursive: true, force: true });
