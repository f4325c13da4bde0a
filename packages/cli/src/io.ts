import type { MigrationRenderer, TerminalOptions } from '@detent/core/render';
import type { Flags } from './arguments.ts';

/** What a command came to. Only main.ts turns it into the end of the process. */
export type ExitCode = number;

/** What every command gets. */
export interface Invocation {
  readonly command: string;
  readonly args: readonly string[];
  readonly flags: Flags;
  /** Aborted by the first SIGINT or SIGTERM. */
  readonly signal: AbortSignal;
  /** Where the user stands; what relative paths on the command line are relative to. */
  readonly folder: string;
  readonly env: NodeJS.ProcessEnv;
}

/** How migration files are shown. */
export type Files = Pick<TerminalOptions, 'showFile' | 'readFile'>;

/** Writes the one document of `--json`. */
export function writeDocument(value: object): void {
  process.stdout.write(`${JSON.stringify(value, null, 2)}\n`);
}

/** Whether a person can be asked. */
export function canAsk({ flags, env }: Pick<Invocation, 'flags' | 'env'>): boolean {
  return process.stdin.isTTY && process.stdout.isTTY && !flags.json && !env['CI'];
}

/** The renderer that the flags ask for: documents on stdout, or words for people. */
export async function rendererFor(flags: Flags, files: Files = {}): Promise<MigrationRenderer> {
  const { jsonRenderer, screenOf, TerminalRenderer } = await import('@detent/core/render');
  const err = screenOf(process.stderr);
  if (!flags.json)
    return new TerminalRenderer({
      out: screenOf(process.stdout),
      err,
      ...files,
      quiet: flags.quiet,
      verbose: flags.verbose,
    });
  const documents = jsonRenderer((text) => void process.stdout.write(text));
  const words = new TerminalRenderer({
    out: { ...err, isLive: false, columns: err.columns },
    err,
    ...files,
    quiet: !flags.verbose,
  });
  return { ...documents, hear: (event) => words.hear(event), drawLog: (message) => words.drawLog(message) };
}
