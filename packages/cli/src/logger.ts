import process from 'node:process';
import type { Logger } from '@detent/core';
import type { Flags } from './arguments.ts';

/** What migrations log goes to stderr, so that stdout stays what was asked for. */
export function consoleLogger({ quiet, verbose }: Flags): Logger {
  const line = (message: string): void => void process.stderr.write(`${message}\n`);
  const nothing = (): void => undefined;
  return { debug: verbose ? line : nothing, info: quiet ? nothing : line, warn: line, error: line };
}
