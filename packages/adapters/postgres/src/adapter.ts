import type { DatabaseAdapter } from '@detent/core';
import { parseScript, postgres as dialect } from '@detent/sql';
import { connect, shownTarget } from './connect.ts';
import { createLink } from './link.ts';
import { checkOptions, type CheckedOptions, type PostgresOptions } from './options.ts';
import { createSession } from './session.ts';

/** How long a second connection may take that only looks. */
const BESIDE_MS = 5_000;

/** Throws `CONFIG` for options that are not right; opens nothing. */
export function createAdapter<Db>(options: PostgresOptions): DatabaseAdapter<Db> {
  return adapterOf(checkOptions(options as Readonly<Record<string, unknown>>));
}

function adapterOf<Db>(checked: CheckedOptions): DatabaseAdapter<Db> {
  const target = shownTarget(checked);
  const { kind } = checked.origin;
  const canOpenMore = kind === 'address' || kind === 'pool';
  return {
    name: 'postgres',
    target,
    scriptExtensions: ['.sql'],
    at: (url) => adapterOf(checkOptions({ ...checked.given, directUrl: undefined, url })),
    parse: (script) => parseScript(script, dialect),
    async open(options) {
      const { connectTimeoutMs, signal } = options;
      const wire = await connect(checked, { timeoutMs: connectTimeoutMs, signal });
      const link = createLink({
        wire,
        target,
        options,
        lent: kind === 'client' || kind === 'pglite',
        disposable: kind === 'pool',
        openBeside: canOpenMore ? () => connect(checked, { timeoutMs: BESIDE_MS }) : null,
      });
      return createSession<Db>(link, checked.lockRetries);
    },
  };
}
