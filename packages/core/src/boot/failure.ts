import { relative, resolve } from 'node:path';
import type { Options } from '../config.ts';
import { ERROR_CODES } from '../errors.ts';
import { screenOf } from '../render/screen.ts';
import { TerminalRenderer } from '../render/terminal.ts';
import { exitCodeOf } from '../result.ts';
import type { BootState } from './boot.ts';

type Failed = Extract<BootState, { kind: 'failed' | 'stopped' }>;

/**
 * An error that ends an application: it says in full what failed, as the command line would, and holds nothing else, since
 * Node prints all that an uncaught error holds.
 */
export class BootError extends Error {
  readonly exitCode: number;

  constructor(state: Failed, options: Pick<Options, 'migrations' | 'cwd'>) {
    super(textOf(state, options));
    this.exitCode = codeOf(state);
    Object.defineProperty(this, 'exitCode', { enumerable: false });
    // It says what failed and where; of the calls that led here one is enough, without which Node writes brackets around it.
    const [call = ''] = /^ {4}at .*$/mu.exec(this.stack?.replace(this.message, '') ?? '') ?? [];
    this.stack = `${this.message}\n${call}`;
  }
}

/** Ends the process as an uncaught error does, with the exit code of the failure and its text on stderr. */
export function endProcess(error: BootError): void {
  process.once('exit', () => {
    process.exitCode = error.exitCode;
  });
  process.nextTick(() => {
    throw error;
  });
}

/** For a framework that ends the process at once with 1: it ends with the exit code of the failure. */
export function lendExitCode({ exitCode }: BootError): void {
  const lend = (): void => {
    if (process.exitCode === 1) process.exitCode = exitCode;
  };
  process.once('exit', lend);
  // An application that got the error, and ends later, ends as it likes.
  setImmediate(() => process.off('exit', lend));
}

function codeOf(state: Failed): number {
  if (state.kind === 'failed' && state.result !== null) return exitCodeOf(state.result);
  return ERROR_CODES[state.error.code];
}

function textOf(state: Failed, { migrations = 'migrations', cwd = '.' }: Pick<Options, 'migrations' | 'cwd'>): string {
  const lines: string[] = [];
  const screen = { ...screenOf(process.stderr), write: (text: string) => void lines.push(text) };
  const showFile = (file: string): string =>
    typeof migrations === 'string' ? relative('.', resolve(cwd, migrations, file)) : file;
  const renderer = new TerminalRenderer({ out: screen, err: screen, quiet: true, showFile });
  if (state.kind === 'failed' && state.result !== null) renderer.drawExecuted(state.result);
  else renderer.drawError(state.error);
  return `The application was not started, because its migrations failed.\n\n${lines.join('').trimEnd()}`;
}
