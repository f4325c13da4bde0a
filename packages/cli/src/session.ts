import { readFileSync } from 'node:fs';
import { relative, resolve } from 'node:path';
import { MigrationScriptExecutor } from '@detent/core';
import { silentRenderer, type MigrationRenderer } from '@detent/core/render';
import { resolveConfig, type Configuration } from './config/resolve.ts';
import { loggerOf } from './logger.ts';
import { rendererFor, type ExitCode, type Files, type Invocation } from './io.ts';

/** What a command that talks to a database works with. */
export interface Session {
  readonly executor: MigrationScriptExecutor;
  readonly renderer: MigrationRenderer;
  readonly configuration: Configuration;
}

/** Configures, calls, and closes whatever happens. Connects when the executor is first asked. */
export async function withExecutor(
  invocation: Invocation,
  work: (session: Session) => Promise<ExitCode>,
): Promise<ExitCode> {
  const configuration = await resolveConfig(invocation);
  const { options, warnings } = configuration;
  const { flags } = invocation;
  for (const warning of warnings) process.stderr.write(`! ${warning}\n`);
  let renderer = silentRenderer();
  const logger = options.logger ?? loggerOf(flags, (message) => renderer.drawLog(message));
  await using executor = new MigrationScriptExecutor({ ...options, logger });
  renderer = await rendererFor(flags, filesOf(executor, invocation.folder));
  executor.on('*', (event) => renderer.hear(event));
  return await work({ executor, renderer, configuration });
}

/** Files are shown as paths from where the user stands. */
function filesOf({ settings }: MigrationScriptExecutor, from: string): Files {
  const { migrations, cwd } = settings;
  if (typeof migrations !== 'string') return {};
  const pathOf = (file: string): string => resolve(cwd, migrations, file);
  return {
    showFile: (file) => relative(from, pathOf(file)) || file,
    readFile: (file) => {
      try {
        return readFileSync(pathOf(file), 'utf8');
      } catch {
        return null;
      }
    },
  };
}
