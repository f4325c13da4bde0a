import { readFileSync } from 'node:fs';
import { DetentError } from '@detent/core';
import type { CommandName } from './inputs.ts';

/** What started the workflow, as far as it matters here. */
export interface TriggerEvent {
  /** As in GITHUB_EVENT_NAME. */
  readonly name: string;
  /** What is checked out may be of somebody who may not write here. */
  readonly isForeign: boolean;
  /** `null` outside of pull requests. */
  readonly pullRequest: number | null;
}

/** Throws `USAGE` for an event file that cannot be read. */
export function readEvent(env: NodeJS.ProcessEnv): TriggerEvent {
  const name = env['GITHUB_EVENT_NAME'] ?? '';
  const payload = payloadOf(env['GITHUB_EVENT_PATH']);
  const own = textAt(payload, 'repository', 'full_name') ?? env['GITHUB_REPOSITORY'] ?? null;
  const number = valueAt(payload, 'pull_request', 'number');
  const isPullRequest = valueAt(payload, 'pull_request') !== undefined;
  const heads = [
    ...(isPullRequest ? [textAt(payload, 'pull_request', 'head', 'repo', 'full_name')] : []),
    ...(name === 'workflow_run' ? [textAt(payload, 'workflow_run', 'head_repository', 'full_name')] : []),
  ];
  return {
    name,
    // A fork that is gone has no name, and is one all the same.
    isForeign: heads.some((head) => head === null || head !== own),
    pullRequest: typeof number === 'number' && Number.isInteger(number) && number > 0 ? number : null,
  };
}

/** Why the command must not run, or even read a file; `null` when it may. */
export function refusalOf(command: CommandName, { name, isForeign }: TriggerEvent): DetentError | null {
  if (name === 'pull_request_target') {
    return new DetentError(
      'USAGE',
      'Detent does not run for pull_request_target, which has secrets and foreign code.',
      {
        hint: 'Use the event pull_request: check and plan need no secret.',
      },
    );
  }
  const changes = command === 'apply' || command === 'down';
  if (!isForeign || !changes) return null;
  return new DetentError('USAGE', `${command} does not run for code of a fork.`, {
    hint: 'Run check on pull requests, and apply on a push to your own branch.',
  });
}

function payloadOf(file: string | undefined): unknown {
  if (file === undefined || file === '') return {};
  try {
    return JSON.parse(readFileSync(file, 'utf8'));
  } catch (cause) {
    throw new DetentError('USAGE', 'The event file cannot be read.', { hint: 'Check GITHUB_EVENT_PATH.', cause });
  }
}

function valueAt(value: unknown, ...path: readonly string[]): unknown {
  let at = value;
  for (const key of path) {
    if (typeof at !== 'object' || at === null || !Object.hasOwn(at, key)) return undefined;
    at = (at as Readonly<Record<string, unknown>>)[key];
  }
  return at ?? undefined;
}

function textAt(value: unknown, ...path: readonly string[]): string | null {
  const found = valueAt(value, ...path);
  return typeof found === 'string' ? found : null;
}
