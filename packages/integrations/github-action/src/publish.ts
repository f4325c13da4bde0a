import { randomBytes } from 'node:crypto';
import { appendFileSync } from 'node:fs';
import type { TriggerEvent } from './event.ts';
import type { Inputs } from './inputs.ts';
import type { Log } from './log.ts';
import { cutTo, markdownOf, type ReportFiles } from './markdown.ts';
import { outputsOf, type Report } from './report.ts';
import type { Secrets } from './secrets.ts';

/** GitHub's own limit for a step, in bytes. */
const MOST_SUMMARY = 1024 * 1024;

export interface Publishing {
  readonly env: NodeJS.ProcessEnv;
  /** `null` when they could not be read. */
  readonly inputs: Inputs | null;
  readonly event: TriggerEvent;
  readonly files: ReportFiles;
  readonly log: Log;
  readonly secrets: Secrets;
}

/** Says what the run came to, everywhere where somebody may look. */
export async function publish(report: Report, publishing: Publishing): Promise<void> {
  const { env, log, secrets, files } = publishing;
  writeOutputs(report, env['GITHUB_OUTPUT'], secrets);
  annotate(report, publishing);
  const text = secrets.mask(markdownOf(report, files));
  const summary = env['GITHUB_STEP_SUMMARY'];
  // A character of UTF-16 takes at most three bytes.
  if (summary !== undefined && summary !== '') appendFileSync(summary, cutTo(text, MOST_SUMMARY / 3));
  const reason = await comment(text, publishing);
  if (reason !== null) log.annotate('warning', `The comment was not written: ${reason}.`, 'Detent');
}

function writeOutputs(report: Report, file: string | undefined, secrets: Secrets): void {
  if (file === undefined || file === '') return;
  const lines = Object.entries(outputsOf(report)).map(([name, value]) => {
    const end = `end-${randomBytes(16).toString('hex')}`;
    return `${name}<<${end}\n${secrets.mask(value)}\n${end}\n`;
  });
  appendFileSync(file, lines.join(''));
}

function annotate({ errors, warnings, status }: Report, { log, files }: Publishing): void {
  for (const { code, message, hint, facts } of errors) {
    const { place } = facts;
    const text = hint === undefined ? message : `${message}\n${hint}`;
    log.annotate(
      'error',
      text,
      `Detent: ${code}`,
      place === undefined ? undefined : { ...place, file: files.showFile(place.file) },
    );
  }
  for (const warning of new Set(warnings)) log.annotate('warning', warning, 'Detent');
  if (errors.length === 0 && status === 'failed') log.annotate('error', 'The run failed.', 'Detent');
}

/** Why there is no comment although one was wanted; `null` otherwise. */
async function comment(text: string, { env, inputs, event }: Publishing): Promise<string | null> {
  // The token of a fork's pull request may only read.
  if (inputs?.comment !== true || event.pullRequest === null || event.isForeign || event.name === 'pull_request_target')
    return null;
  const [api, repository] = [env['GITHUB_API_URL'], env['GITHUB_REPOSITORY']];
  if (inputs.token === null || !api || !repository) return 'there is no token';
  const { markerOf, MOST_COMMENT, writeComment } = await import('./comment.ts');
  const { pullRequest } = event;
  const { token, commentKey: key } = inputs;
  const body = cutTo(text, MOST_COMMENT - markerOf(key).length);
  const outcome = await writeComment({ api, repository, pullRequest, token, key, body });
  return outcome.kind === 'written' ? null : outcome.reason;
}
