#!/usr/bin/env node
import module from 'node:module';
import { parseArguments } from './arguments.ts';
import type { ExitCode, Invocation } from './io.ts';
import { isNodeTooOld, OLDEST_NODE } from './node-version.ts';

module.enableCompileCache?.();

const controller = new AbortController();
/** What failed with nobody waiting for it; each is done when that is said. */
const strays: Promise<void>[] = [];
const NUMBERS = { SIGINT: 2, SIGTERM: 15 } as const;

function onSignal(name: keyof typeof NUMBERS): void {
  if (controller.signal.aborted) process.exit(128 + NUMBERS[name]);
  process.stderr.write('\nStopping: what this run did is rolled back as configured. Once more to stop at once.\n');
  controller.abort();
}

/** A reader that went away, as in `detent status | head`, is no reason to stop a run half-way. */
function ignoreClosedPipe(error: NodeJS.ErrnoException): void {
  if (error.code !== 'EPIPE') throw error;
}

/** Node says of its own SQLite and of its type stripping that they are new; that is not news to users of this command. */
function onWarning(warning: Error & { readonly code?: string }): void {
  if (warning.name === 'ExperimentalWarning' || warning.code === 'MODULE_TYPELESS_PACKAGE_JSON') return;
  process.stderr.write(`${warning.name}: ${warning.message}\n`);
}

/** A migration's promise or timer that failed with nobody waiting for it: what it left is not to be trusted. */
function onStray(thrown: unknown): void {
  strays.push(import('./report.ts').then(({ reportStray }) => reportStray(thrown)));
  controller.abort();
}

async function main(argv: readonly string[]): Promise<ExitCode> {
  if (isNodeTooOld()) {
    process.stderr.write(`Detent needs Node ${OLDEST_NODE} or later; this is ${process.versions.node}.\n`);
    return 64;
  }
  const parsed = parseArguments(argv);
  switch (parsed.kind) {
    case 'version': {
      const { VERSION } = await import('./version.ts');
      process.stdout.write(`detent ${VERSION}\n`);
      return 0;
    }
    case 'help': {
      const { drawHelp } = await import('./help.ts');
      process.stdout.write(drawHelp(parsed.command));
      return 0;
    }
    case 'wrong': {
      const { reportUsage } = await import('./report.ts');
      return reportUsage(parsed, argv.includes('--json'));
    }
    case 'command':
      return runCommand(parsed);
  }
}

async function runCommand({
  command,
  args,
  flags,
}: Extract<ReturnType<typeof parseArguments>, { kind: 'command' }>): Promise<ExitCode> {
  try {
    const { run } = await command.load();
    const folder = await enter(flags.values.get('cwd'));
    const invocation: Invocation = {
      command: command.name,
      args,
      flags,
      signal: controller.signal,
      folder,
      env: process.env,
    };
    return await run(invocation);
  } catch (thrown) {
    const { reportError } = await import('./report.ts');
    return reportError(thrown, flags);
  }
}

async function enter(folder: string | true | undefined): Promise<string> {
  if (typeof folder === 'string') {
    try {
      process.chdir(folder);
    } catch (cause) {
      const { DetentError } = await import('@detent/core');
      throw new DetentError('USAGE', `There is no folder ${folder}.`, { hint: 'Correct --cwd.', cause });
    }
  }
  return process.cwd();
}

process.stdout.on('error', ignoreClosedPipe);
process.stderr.on('error', ignoreClosedPipe);
process.removeAllListeners('warning').on('warning', onWarning);
process.on('SIGINT', onSignal).on('SIGTERM', onSignal);
process.on('unhandledRejection', onStray).on('uncaughtException', onStray);

const result = await main(process.argv.slice(2));
await Promise.all(strays);
const code = strays.length > 0 && result === 0 ? 5 : result;
process.exitCode = code;
// A configuration may hold a pool that nobody closes; once everything is written, nothing is waited for.
process.stdout.write('', () => process.stderr.write('', () => process.exit(code)));
