import type { DatabaseAdapter } from '@detent/core';
import { connect, shownTarget } from './connect.ts';
import { createLink } from './link.ts';
import { checkOptions, type CheckedOptions, type MysqlOptions } from './options.ts';
import type * as Script from './script.ts';
import { createSession } from './session.ts';
import type { Address } from './url.ts';
import { waysOf } from './ways.ts';

/** How long a second connection may take that only looks. */
const BESIDE_MS = 5_000;

/** Throws `CONFIG` for options that are not right; opens nothing. */
export function createAdapter<Db>(options: MysqlOptions): DatabaseAdapter<Db> {
  return adapterOf(checkOptions(options as unknown as Readonly<Record<string, unknown>>));
}

function adapterOf<Db>(checked: CheckedOptions): DatabaseAdapter<Db> {
  const target = shownTarget(checked);
  const { kind } = checked.origin;
  let parser: Promise<typeof Script> | null = null;
  return {
    name: 'mysql',
    target,
    scriptExtensions: ['.sql'],
    lockTimeoutMs: 5_000,
    at: (url) => adapterOf(checkOptions({ ...checked.given, url })),
    ...(checked.origin.kind === 'address' ? { createDatabase: creating<Db>(checked, checked.origin.address) } : {}),
    parse: async (script) => (await (parser ??= import('./script.ts'))).parse(script),
    async open(options) {
      const { connectTimeoutMs, signal } = options;
      const wire = await connect(checked, { timeoutMs: connectTimeoutMs, signal });
      const link = createLink({
        wire,
        target,
        options,
        lent: kind !== 'address',
        disposable: kind === 'pool',
        singleWriter: checked.singleWriter,
        openBeside: kind === 'connection' ? null : () => connect(checked, { timeoutMs: BESIDE_MS }),
      });
      const { lockRetries, backup } = checked;
      return createSession<Db>(link, { lockRetries, backup, ways: waysOf(checked) });
    },
  };
}

function creating<Db>(checked: CheckedOptions, address: Address): NonNullable<DatabaseAdapter<Db>['createDatabase']> {
  return async (name, { connectTimeoutMs: timeoutMs, signal, swap = false }) => {
    const { createDatabase, dropDatabase, noSwap } = await import('./create-database.ts');
    if (swap) throw noSwap();
    await createDatabase(checked, name, { timeoutMs, signal });
    const origin = { kind: 'address', address: { ...address, database: name } } as const;
    const adapter = adapterOf<Db>({ ...checked, origin });
    return {
      // A history that was put elsewhere by its option belongs to the database that is in use.
      adapter: { ...adapter, open: (options) => adapter.open({ ...options, schema: null }) },
      swap: () => Promise.reject(noSwap()),
      drop: () => dropDatabase(checked, name, { timeoutMs }),
    };
  };
}
