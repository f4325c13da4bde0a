import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import type { HostJob } from './job.ts';

export interface Response {
  readonly status: number;
  readonly headers: Headers;
  readonly body: unknown;
}

/** A real server process. */
export interface Host {
  /** `null` when nobody listens, or stops to. */
  get(path: string, headers?: Readonly<Record<string, string>>): Promise<Response | null>;
  /** Asks until the answer fits. Throws when the process ends before. */
  until(path: string, fits: (response: Response) => boolean): Promise<Response>;
  signal(name: 'SIGTERM' | 'SIGKILL'): void;
  ended(): Promise<{ readonly code: number | null; readonly signal: string | null; readonly stderr: string }>;
}

export interface HostProgram {
  readonly program: string;
  /** After the job. */
  readonly args?: readonly string[];
  readonly nodeArgs?: readonly string[];
}

export function startHost({ program, args = [], nodeArgs = [] }: HostProgram, job: HostJob): Host {
  const child = spawn(
    process.execPath,
    ['--conditions=source', '--no-warnings', ...nodeArgs, program, JSON.stringify(job), ...args],
    {
      stdio: ['ignore', 'ignore', 'pipe'],
      // Many processes read the same modules.
      env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(tmpdir(), 'detent-compile-cache') },
    },
  );
  let stderr = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (stderr += text));
  const end = once(child, 'close');

  const get: Host['get'] = async (path, headers = {}) => {
    try {
      const response = await fetch(`http://127.0.0.1:${job.port}${path}`, {
        headers: { ...headers, connection: 'close' },
      });
      const text = await response.text();
      const body: unknown = response.headers.get('content-type')?.includes('json') === true ? JSON.parse(text) : text;
      return { status: response.status, headers: response.headers, body };
    } catch (thrown) {
      if (thrown instanceof TypeError) return null;
      throw thrown;
    }
  };
  return {
    get,
    until: async (path, fits) => {
      for (;;) {
        const response = await get(path);
        if (response !== null && fits(response)) return response;
        if (child.exitCode !== null || child.signalCode !== null) {
          await end;
          throw new Error(`The process ended with ${child.exitCode ?? child.signalCode ?? '?'}: ${stderr}`);
        }
        await sleep(20);
      }
    },
    signal: (name) => void child.kill(name),
    ended: async () => {
      await end;
      return { code: child.exitCode, signal: child.signalCode, stderr };
    },
  };
}

/** Outside of the range that the system gives out by itself, so that no connection takes it meanwhile. */
export async function quietPort(): Promise<number> {
  for (;;) {
    const port = 10_000 + Math.floor(Math.random() * 20_000);
    const server = createServer();
    const isFree = await new Promise<boolean>((resolve) => {
      server.once('error', () => resolve(false)).listen(port, '127.0.0.1', () => resolve(true));
    });
    if (!isFree) continue;
    server.close();
    await once(server, 'close');
    return port;
  }
}
