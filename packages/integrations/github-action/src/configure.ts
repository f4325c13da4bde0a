import { resolve } from 'node:path';
import { DetentError, type DatabaseAdapter } from '@detent/core';
import { isInstalled, loadAdapter, resolveConfig, type Configuration, type LoadAdapter } from '@detent/cli/config';
import type { Inputs } from './inputs.ts';

type Factory = (options: { readonly url: string }) => DatabaseAdapter;

/** What this file carries, for projects that install nothing. */
const CARRIED: Readonly<Record<string, () => Promise<Factory>>> = {
  sqlite: async () => (await import('@detent/sqlite')).sqlite,
  postgres: async () => (await import('@detent/postgres')).postgres,
  mysql: async () => (await import('@detent/mysql')).mysql,
  mongo: async () => (await import('@detent/mongo')).mongo,
};

const load: LoadAdapter = async (name, url, folder) => {
  const carried = CARRIED[name];
  if (carried === undefined || isInstalled(`@detent/${name}`, folder)) return loadAdapter(name, url, folder);
  return (await carried())({ url });
};

/** As the command line is configured: files, variables, and the inputs in place of flags. Throws `CONFIG`. */
export async function configure(inputs: Inputs, url: string | null, env: NodeJS.ProcessEnv): Promise<Configuration> {
  const folder = resolve(env['GITHUB_WORKSPACE'] ?? '.', inputs.workingDirectory);
  const values = new Map(
    Object.entries({ url, migrations: inputs.migrations, config: inputs.config, env: inputs.env }).flatMap(
      ([name, value]) => (value === null ? [] : [[name, value] as const]),
    ),
  );
  const flags = { values, sets: new Map([['migrations', 'migrations']]) };
  try {
    return await resolveConfig({ folder, env, flags }, load);
  } catch (thrown) {
    throw thrown instanceof DetentError ? inTermsOfInputs(thrown) : thrown;
  }
}

/** The command line speaks of its flags. */
function inTermsOfInputs({ code, message, hint, facts, cause }: DetentError): DetentError {
  const said = (text: string): string =>
    text
      .replaceAll(/--(url|migrations|config|env) (?=[a-z]+:)/gu, '$1: ')
      .replaceAll(/--(url|migrations|config|env)\b/gu, '$1');
  return new DetentError(code, said(message), { ...(hint === undefined ? {} : { hint: said(hint) }), facts, cause });
}
