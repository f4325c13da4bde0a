import { existsSync } from 'node:fs';
import { mkdir, writeFile } from 'node:fs/promises';
import { join, relative, resolve } from 'node:path';
import { DetentError, type RollbackStrategy } from '@detent/core';
import { screenOf } from '@detent/core/render';
import { isInstalled, knownAdapterName } from '../config/adapters.ts';
import { findConfig } from '../config/find.ts';
import { holdsSecret } from '../config/secrets.ts';
import { configText } from '../config-template.ts';
import { askForSetup, type Setup } from '../init-questions.ts';
import { canAsk, writeDocument, type ExitCode, type Invocation } from '../io.ts';

const DEFAULTS: Setup = { url: 'sqlite:app.db', migrations: 'migrations', rollback: 'none' };

/** Writes a configuration and a folder; overwrites nothing. */
export async function run(invocation: Invocation): Promise<ExitCode> {
  const { flags, env, folder } = invocation;
  const existing = findConfig(folder, null);
  if (existing !== null) {
    throw new DetentError('USAGE', `There is a configuration already: ${existing}.`, {
      hint: 'Edit it; `detent config` shows what it comes to.',
    });
  }
  const given = (name: string): string | undefined => {
    const value = flags.values.get(name);
    return typeof value === 'string' ? value : undefined;
  };
  const url = given('url') ?? env['DETENT_URL'] ?? env['DATABASE_URL'];
  const asked: Partial<Setup> = {
    ...(url === undefined ? {} : { url }),
    ...(given('migrations') === undefined ? {} : { migrations: given('migrations') }),
    ...(given('rollback') === undefined ? {} : { rollback: given('rollback') as RollbackStrategy }),
  } as Partial<Setup>;
  if (url !== undefined) knownAdapterName(url, given('url') === undefined ? 'DATABASE_URL' : '--url');
  const setup = canAsk(invocation) ? await askForSetup(asked, DEFAULTS) : { ...DEFAULTS, ...asked };
  if (setup === null) throw new DetentError('CANCELLED', 'It was not finished; nothing was written.');

  const adapter = knownAdapterName(setup.url, 'The URL');
  const packageName = `@detent/${adapter}`;
  const installed = isInstalled(packageName, folder);
  const file = join(folder, 'detent.config.ts');
  const migrations = resolve(folder, setup.migrations);
  await writeFile(file, configText({ ...setup, adapter, typed: installed }), { flag: 'wx' });
  const made = existsSync(migrations) ? [] : [migrations];
  await mkdir(migrations, { recursive: true });

  if (flags.json) writeDocument({ created: [file, ...made], adapter, installed });
  else if (!flags.quiet) {
    const { marks, paint, write } = screenOf(process.stdout);
    for (const path of [file, ...made]) write(`${paint('good', marks.done)} ${relative(folder, path)}\n`);
    const isNamed = !holdsSecret(setup.url) || env['DATABASE_URL'] === setup.url;
    const next = [
      ...(installed ? [] : [paint('accent', `npm install ${packageName}`)]),
      ...(isNamed ? [] : [`set ${paint('accent', 'DATABASE_URL')} to the whole URL: no file holds its password`]),
      paint('accent', 'detent create create_users'),
      paint('accent', 'detent up'),
    ];
    write(`\nNext:\n${next.map((line) => `  ${line}\n`).join('')}`);
  }
  return 0;
}
