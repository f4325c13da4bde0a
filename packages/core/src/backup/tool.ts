import { spawn } from 'node:child_process';

/** A program that runs. */
export interface Running {
  /** What it writes, no faster than it is read. */
  readonly output: AsyncIterable<Buffer>;
  /** Throws what the program says went wrong. */
  readonly done: Promise<void>;
  /** Ends it, if it still runs. */
  stop(): void;
}

/** Of what a program says went wrong, in characters. */
const WORDS = 2_000;
/** Passed on to every program. Whatever else stands in the environment stays here: it may lead elsewhere. */
const PASSED = ['PATH', 'HOME', 'SystemRoot', 'APPDATA', 'TMPDIR'];

/**
 * Starts a program without a shell. It reads nothing, and it writes only to this process, so it ends with it. What only
 * it may know, such as a password, goes into `environment`, which nobody else can look at.
 */
export function runTool(
  program: string,
  args: readonly string[],
  environment: Readonly<Record<string, string>>,
  signal?: AbortSignal,
): Running {
  const passed = PASSED.flatMap((name) => {
    const value = process.env[name];
    return value === undefined ? [] : [[name, value] as const];
  });
  const child = spawn(program, args, {
    env: { ...Object.fromEntries(passed), LC_ALL: 'C', ...environment },
    stdio: ['ignore', 'pipe', 'pipe'],
    windowsHide: true,
    ...(signal === undefined ? {} : { signal }),
  });
  let words = '';
  child.stderr.setEncoding('utf8').on('data', (text: string) => (words = (words + text).slice(-WORDS)));
  const done = new Promise<void>((resolve, reject) => {
    child.on('error', reject);
    child.on('close', (status, ended) => {
      if (status === 0) resolve();
      else reject(new ToolFailed(wordsOf(words) || `${program} ended with ${ended ?? `status ${status}`}`));
    });
  });
  // Whoever reads the output hears of it when that is over.
  done.catch(() => undefined);
  return { output: child.stdout as AsyncIterable<Buffer>, done, stop: () => void child.kill() };
}

export class ToolFailed extends Error {
  override readonly name: string = 'ToolFailed';
}

/** What the program calls errors, in one line; everything it said where it calls nothing so. */
function wordsOf(text: string): string {
  const lines = text.split('\n').filter((line) => line.trim() !== '');
  const errors = lines.filter((line) => line.includes(': error: '));
  return (errors.length > 0 ? errors : lines).map((line) => line.replace(': error: ', ': ').trim()).join('; ');
}
