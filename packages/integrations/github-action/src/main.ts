import { readFileSync } from 'node:fs';
import { relative, resolve, sep } from 'node:path';
import { asDetentError, ERROR_CODES, type Settings } from '@detent/core';
import { readEvent, refusalOf, type TriggerEvent } from './event.ts';
import { readInputs, type Inputs } from './inputs.ts';
import { openLog } from './log.ts';
import type { ReportFiles } from './markdown.ts';
import { EMPTY, type Report } from './report.ts';
import { Secrets } from './secrets.ts';

const { env } = process;
const workspace = resolve(env['GITHUB_WORKSPACE'] ?? '.');
const secrets = new Secrets();
secrets.addFrom(env);
for (const name of ['INPUT_URL', 'INPUT_SCRATCH-URL', 'INPUT_TOKEN']) secrets.add(env[name]);
const log = openLog(secrets);

const controller = new AbortController();
for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => controller.abort());
process.on('warning', () => undefined);

/** What is known so far. */
const known: { inputs: Inputs | null; event: TriggerEvent; files: ReportFiles } = {
  inputs: null,
  event: { name: '', isForeign: true, pullRequest: null },
  files: { showFile: (file) => file, readFile: () => null },
};

async function work(): Promise<Report> {
  const inputs = (known.inputs = readInputs(env));
  const event = (known.event = readEvent(env));
  const refusal = refusalOf(inputs.command, event);
  if (refusal !== null) {
    log.write(`${refusal.message}\n${refusal.hint ?? ''}\n`);
    return { ...EMPTY, command: inputs.command, status: 'refused', exitCode: ERROR_CODES.STATE, errors: [refusal] };
  }
  // Nothing of the repository is read before this.
  const [{ configure }, { openWorkplace, runCommand }] = await Promise.all([
    import('./configure.ts'),
    import('./run.ts'),
  ]);
  const isCheck = inputs.command === 'check';
  const configuration = await configure(inputs, isCheck ? (inputs.scratchUrl ?? inputs.url) : inputs.url, env);
  for (const value of Object.values(configuration.options.placeholders ?? {})) log.hide(value);
  const scratch =
    isCheck && inputs.scratchUrl === null ? await (await import('./scratch.ts')).openScratch(configuration) : null;
  await using _ = scratch;
  const options = scratch === null ? configuration.options : { ...configuration.options, adapter: scratch.adapter };
  const place = openWorkplace(options, log, filesOf);
  await using _executor = place.executor;
  known.files = place.files;
  if (!isCheck) return await runCommand(place, inputs, controller.signal);
  const { check } = await import('./check.ts');
  const report = await check(place, controller.signal);
  // Its path is another one each time.
  return scratch === null ? report : { ...report, target: 'an empty database of its own' };
}

function filesOf({ migrations, cwd }: Pick<Settings, 'migrations' | 'cwd'>): ReportFiles {
  if (typeof migrations !== 'string') return known.files;
  const pathOf = (file: string): string => resolve(cwd, migrations, file);
  return {
    showFile: (file) => relative(workspace, pathOf(file)).split(sep).join('/'),
    readFile: (file) => {
      try {
        return readFileSync(pathOf(file), 'utf8');
      } catch {
        return null;
      }
    },
  };
}

async function main(): Promise<number> {
  let report: Report;
  try {
    report = await work();
  } catch (thrown) {
    const error = asDetentError(thrown, 'INTERNAL', (words) => `Something went wrong that should not have: ${words}`);
    log.write(`${error.message}\n${error.hint ?? ''}\n`);
    report = {
      ...EMPTY,
      command: known.inputs?.command ?? null,
      status: 'failed',
      exitCode: ERROR_CODES[error.code],
      errors: [error],
    };
  }
  const { publish } = await import('./publish.ts');
  await publish(report, { ...known, env, log, secrets });
  return report.status === 'failed' || report.status === 'refused' ? report.exitCode || 1 : 0;
}

// A configuration may hold a pool that nobody closes.
void main().then((code) => process.stdout.write('', () => process.exit(code)));
