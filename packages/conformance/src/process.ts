import { spawn, type ChildProcess, type ChildProcessWithoutNullStreams } from 'node:child_process';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import type { Job, JobReport } from './child.ts';

/** A real process with a job. */
export interface Runner {
  readonly process: ChildProcess;
  /** Waits until it says this word in a line of its own. Throws when it ends without. */
  said(word: string): Promise<void>;
  /** Lets it go on. */
  poke(): void;
  /** Its report, when it has ended; `null` when it was killed. Throws what it complained of. */
  ended(): Promise<JobReport | null>;
}

const PLAIN: Omit<Job, 'module' | 'url' | 'folder' | 'drafts'> = {
  options: {},
  waits: false,
  killAt: null,
  pauseAt: null,
  way: 'up',
  breakage: null,
};

/** `name` without its extension, which is that of the source or of the build. */
function scriptPath(name: string): string {
  return fileURLToPath(new URL(`./${name}${import.meta.url.endsWith('.ts') ? '.ts' : '.js'}`, import.meta.url));
}

/** Starts a script of the kit on the same Node, with the same export conditions. */
function startScript(name: string, argument: string): ChildProcessWithoutNullStreams {
  return spawn(process.execPath, [...conditions(process.execArgv), '--no-warnings', scriptPath(name), argument], {
    stdio: 'pipe',
    // A hundred processes read the same modules.
    env: { ...process.env, NODE_OPTIONS: '', NODE_COMPILE_CACHE: join(tmpdir(), 'detent-compile-cache') },
  });
}

/** Runs a script of the kit to its end and gives what it said. Throws what it complained of when it failed. */
export async function runScript(name: string, argument: string): Promise<string> {
  const child = startScript(name, argument);
  let said = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (said += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  await once(child, 'close');
  if (child.exitCode !== 0) throw new Error(`${name} ended with ${child.exitCode}: ${complaints}`);
  return said;
}

export function startRunner(job: Pick<Job, 'module' | 'url' | 'folder' | 'drafts'> & Partial<Job>): Runner {
  const child = startScript('child', JSON.stringify({ ...PLAIN, ...job }));
  let heard = '';
  let complaints = '';
  child.stdout.setEncoding('utf8').on('data', (text: string) => (heard += text));
  child.stderr.setEncoding('utf8').on('data', (text: string) => (complaints += text));
  // A runner that was killed does not listen any more.
  child.stdin.on('error', () => undefined);
  const end = once(child, 'close');
  const lines = (): string[] => heard.split('\n');
  return {
    process: child,
    async said(word) {
      while (!lines().slice(0, -1).includes(word)) {
        const more = await Promise.race([once(child.stdout, 'data').then(() => true), end.then(() => false)]);
        if (!more && !lines().includes(word))
          throw new Error(`The process ended without saying "${word}": ${heard}${complaints}`);
      }
    },
    poke: () => void child.stdin.write('go\n'),
    async ended() {
      await end;
      if (child.signalCode !== null) return null;
      const last = lines().findLast((line) => line.startsWith('{'));
      if (last === undefined) throw new Error(`The process said nothing: ${heard}${complaints}`);
      return JSON.parse(last) as JobReport;
    },
  };
}

function conditions(flags: readonly string[]): string[] {
  return flags.flatMap((flag, index) => {
    if (flag.startsWith('--conditions=')) return [flag];
    return flag === '--conditions' || flag === '-C' ? [`--conditions=${flags[index + 1] ?? ''}`] : [];
  });
}

/** Does `work` for each item, at most `width` at a time; results in the order of the items. */
export async function inParallel<T, R>(
  items: readonly T[],
  width: number,
  work: (item: T) => Promise<R>,
): Promise<R[]> {
  const results: R[] = [];
  let next = 0;
  const worker = async (): Promise<void> => {
    for (let index = next++; index < items.length; index = next++) {
      const item = items[index] as T;
      results[index] = await work(item);
    }
  };
  await Promise.all(Array.from({ length: Math.min(width, items.length) }, worker));
  return results;
}
