import { DetentError, didYouMean } from '@detent/core';

export const COMMANDS = ['check', 'plan', 'apply', 'down', 'verify', 'status'] as const;
export type CommandName = (typeof COMMANDS)[number];

/** What `with:` says; `null` for what it leaves out. */
export interface Inputs {
  readonly command: CommandName;
  readonly url: string | null;
  readonly scratchUrl: string | null;
  readonly migrations: string | null;
  readonly config: string | null;
  readonly env: string | null;
  readonly workingDirectory: string;
  readonly to: string | null;
  readonly steps: number | null;
  readonly comment: boolean;
  readonly commentKey: string;
  readonly token: string | null;
}

/** Reads the environment that the runner makes. Throws `USAGE`. */
export function readInputs(env: NodeJS.ProcessEnv): Inputs {
  const read = (name: string): string | null => env[`INPUT_${name.toUpperCase()}`]?.trim() || null;
  return {
    command: commandOf(read('command') ?? 'check'),
    url: read('url'),
    scratchUrl: read('scratch-url'),
    migrations: read('migrations'),
    config: read('config'),
    env: read('env'),
    workingDirectory: read('working-directory') ?? '.',
    to: read('to'),
    steps: stepsOf(read('steps')),
    comment: switchOf('comment', read('comment') ?? 'true'),
    commentKey: read('comment-key') ?? 'default',
    token: read('token'),
  };
}

function commandOf(word: string): CommandName {
  const command = COMMANDS.find((name) => name === word);
  if (command !== undefined) return command;
  throw new DetentError('USAGE', `There is no command "${word}"${didYouMean(word, COMMANDS) || '.'}`, {
    hint: `Use one of ${COMMANDS.join(', ')}.`,
  });
}

function stepsOf(text: string | null): number | null {
  if (text === null) return null;
  if (/^[1-9]\d{0,8}$/u.test(text)) return Number(text);
  throw new DetentError('USAGE', 'steps is not a whole number above 0.', { hint: 'Leave it out for one step.' });
}

function switchOf(name: string, text: string): boolean {
  if (/^true$/iu.test(text)) return true;
  if (/^false$/iu.test(text)) return false;
  throw new DetentError('USAGE', `${name} is neither true nor false.`, { hint: `Correct ${name}.` });
}
