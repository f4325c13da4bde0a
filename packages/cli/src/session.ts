import { relative, resolve } from 'node:path';
import process from 'node:process';
import { MigrationScriptExecutor } from '@detent/core';
import type { MigrationRenderer } from '@detent/core/render';
import { resolveConfig, type Configuration } from './config/resolve.ts';
import { consoleLogger } from './logger.ts';
import { rendererFor, type ExitCode, type Invocation } from './io.ts';

/** What a command that talks to a database works with. */
export interface Session {
  readonly executor: MigrationScriptExecutor;
  readonly renderer: MigrationRenderer;
  readonly configuration: Configuration;
}

/** Configures, calls, and closes whatever happens. Connects when the executor is first asked. */
export async function withExecutor(invocation: Invocation, work: (session: Session) => Promise<ExitCode>): Promise<ExitCode> {
  const configuration = await resolveConfig(invocation);
  const { options, warnings } = configuration;
  const { flags } = invocation;
  for (const warning of warnings) process.stderr.write(`! ${warning}\n`);
  const logger = options.logger ?? consoleLogger(flags);
  await using executor = new MigrationScriptExecutor({ ...options, logger });
  const { migrations, cwd } = executor.settings;
  const folder = typeof migrations === 'string' ? relative(invocation.folder, resolve(cwd, migrations)) : null;
  const renderer = await rendererFor(flags, (file) => (folder === null || folder === '' || file.startsWith('/') ? file : `${folder}/${file}`));
  executor.on('*', (event) => renderer.hear(event));
  return await work({ executor, renderer, configuration });
}
