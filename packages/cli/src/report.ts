import { asDetentError, DetentError, didYouMean, ERROR_CODES } from '@detent/core';
import { harmless } from '@detent/core/render';
import type { Flags, Parsed } from './arguments.ts';
import { rendererFor, type ExitCode } from './io.ts';

/** Says what is wrong with the command line. */
export async function reportUsage(
  { message, hint, word, known }: Extract<Parsed, { kind: 'wrong' }>,
  json: boolean,
): Promise<ExitCode> {
  const sentence = known.length === 0 ? message : `${message}${didYouMean(word, known) || '.'}`;
  const error = new DetentError('USAGE', /[.?!]$/.test(sentence) ? sentence : `${sentence}.`, { hint });
  return reportError(error, { json, quiet: false, verbose: false, values: new Map(), sets: new Map() });
}

/** Says what kept a command from its work. */
export async function reportError(thrown: unknown, flags: Flags): Promise<ExitCode> {
  const error = asDetentError(thrown, 'INTERNAL', (words) => `Something went wrong that should not have: ${words}`);
  const renderer = await rendererFor(flags);
  renderer.drawError(error);
  if (flags.verbose && error.cause instanceof Error && error.code === 'INTERNAL') {
    process.stderr.write(`${harmless(error.cause.stack ?? '')}\n`);
  }
  return ERROR_CODES[error.code];
}

/** Says what failed outside of everything that is waited for. */
export function reportStray(thrown: unknown): void {
  const words = thrown instanceof Error ? (thrown.stack ?? thrown.message) : String(thrown);
  process.stderr.write(`\nSomething failed that nobody waited for: ${harmless(words)}\n`);
}
