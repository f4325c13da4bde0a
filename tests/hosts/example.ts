import { spawn, spawnSync } from 'node:child_process';
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
  const env = environment(folder, variables);
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

/** Runs a script of its package.json to the end, as its user would. Throws what it said when it fails. */
export function runExample(folder: string, script: string, variables: Readonly<Record<string, string>>): string {
  const options = { cwd: folder, shell: true, encoding: 'utf8', env: environment(folder, variables) } as const;
  const { status, stdout, stderr } = spawnSync(scriptOf(folder, script), options);
  if (status !== 0) throw new Error(`The example ended with ${status ?? 'a signal'}: ${stdout}${stderr}`);
  return stdout;
}

function environment(folder: string, variables: Readonly<Record<string, string>>): NodeJS.ProcessEnv {
  const path = [join(folder, 'node_modules/.bin'), dirname(process.execPath), process.env['PATH']].join(delimiter);
  return { ...process.env, NODE_OPTIONS: '', NODE_ENV: '', VITEST: '', ...variables, PATH: path };
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
