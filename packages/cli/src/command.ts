import type { ExitCode, Invocation } from './io.ts';

/** A flag as it is written, parsed, completed and explained. */
export interface Flag {
  readonly name: string;
  readonly short?: string;
  /** What stands for its value in help; `null` for a switch. */
  readonly value: string | null;
  readonly summary: string;
  /** The values there are, where they are few. */
  readonly choices?: readonly string[];
  /** The setting that it sets, as a path in the configuration. */
  readonly sets?: string;
}

export interface Command {
  readonly name: string;
  readonly aliases: readonly string[];
  readonly summary: string;
  /** `<needed>`, `[optional]`, `<name...>` for one or more. */
  readonly args: readonly string[];
  readonly flags: readonly Flag[];
  /** Whole lines, with what they do. */
  readonly examples: readonly (readonly [line: string, does: string])[];
  /** Nothing of a command is loaded before it is called. */
  load(): Promise<{ readonly run: (invocation: Invocation) => Promise<ExitCode> }>;
}

/** Flags of every command. */
export const GLOBAL_FLAGS: readonly Flag[] = [
  { name: 'url', value: '<url>', summary: 'the database, instead of the configured one' },
  { name: 'env', value: '<name>', summary: 'the environment of the configuration' },
  { name: 'config', value: '<file>', summary: 'a configuration, instead of the nearest one' },
  { name: 'migrations', value: '<folder>', summary: 'the migrations folder', sets: 'migrations' },
  { name: 'cwd', value: '<folder>', summary: 'start in another folder' },
  { name: 'json', value: null, summary: 'one JSON document on stdout, all else on stderr' },
  { name: 'quiet', short: 'q', value: null, summary: 'say only what is asked for, or wrong' },
  { name: 'verbose', short: 'v', value: null, summary: 'say everything' },
  { name: 'help', short: 'h', value: null, summary: 'explain a command' },
  { name: 'version', short: 'V', value: null, summary: 'the version of Detent' },
];
