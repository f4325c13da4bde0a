import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import { delimiter, dirname, join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';

export { quietPort } from './host.ts';

/** An example that runs as its user started it. */
export interface Example extends AsyncDisposable {
  /** Asks until there is an answer that is no 503. Throws what the example said when it ends before. */
  json(url: string): Promise<unknown>;
}

/** `script`: of its package.json, or a command. */
export function startExample(
  folder: string,
  script: string,
  variables: Readonly<Record<string, string>>,
  args: readonly string[] = [],
): Example {
  const command = [scriptOf(folder, script), ...args].join(' ');
  const path = [join(folder, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(delimiter);
  const env = { ...process.env, NODE_OPTIONS: '', NODE_ENV: '', VITEST: '', ...variables, PATH: path };
  // A group of its own, because a shell stands between.
  const child = spawn(command, { cwd: folder, shell: true, detached: true, stdio: ['ignore', 'pipe', 'pipe'], env });
  let said = '';
  for (const stream of [child.stdout, child.stderr])
    stream.setEncoding('utf8').on('data', (text: string) => (said += text));
  const end = once(child, 'close');
  const hasEnded = (): boolean => child.exitCode !== null || child.signalCode !== null;
  return {
    json: async (url) => {
      for (;;) {
        if (hasEnded()) throw new Error(`The example ended: ${said}`);
        const response = await fetch(url, { headers: { connection: 'close' } }).catch(() => null);
        if (response !== null && response.status !== 503) return response.json();
        await sleep(50);
      }
    },
    [Symbol.asyncDispose]: async () => {
      if (!hasEnded() && child.pid !== undefined) process.kill(-child.pid, 'SIGKILL');
      await end;
    },
  };
}

function scriptOf(folder: string, script: string): string {
  if (script.includes(' ')) return script;
  const { scripts } = JSON.parse(readFileSync(join(folder, 'package.json'), 'utf8')) as {
    readonly scripts: Readonly<Record<string, string>>;
  };
  const command = scripts[script];
  if (command === undefined) throw new Error(`There is no script ${script}.`);
  return command;
}
