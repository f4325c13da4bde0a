import type { DatabaseAdapter } from '@detent/core';
import { connect, shownTarget } from './connect.ts';
import { createLink } from './link.ts';
import { LEASE, type LeaseTiming } from './lock-timing.ts';
import { checkOptions, type CheckedOptions, type PostgresOptions } from './options.ts';
import type * as Script from './script.ts';
import { createSession } from './session.ts';
import type { Address } from './url.ts';
import { waysOf } from './ways.ts';

/** How long a second connection may take that only looks. */
const BESIDE_MS = 5_000;

/** Throws `CONFIG` for options that are not right; opens nothing. */
export function createAdapter<Db>(options: PostgresOptions, lease: LeaseTiming = LEASE): DatabaseAdapter<Db> {
  return adapterOf(checkOptions(options as Readonly<Record<string, unknown>>), lease);
}

function adapterOf<Db>(checked: CheckedOptions, lease: LeaseTiming): DatabaseAdapter<Db> {
  const target = shownTarget(checked);
  const { kind } = checked.origin;
  const canOpenMore = kind === 'address' || kind === 'pool';
  let parser: Promise<typeof Script> | null = null;
  return {
    name: 'postgres',
    target,
    scriptExtensions: ['.sql'],
    lockTimeoutMs: 3_000,
    at: (url) => adapterOf(checkOptions({ ...checked.given, directUrl: undefined, url }), lease),
    ...(checked.origin.kind === 'address'
      ? { createDatabase: creating<Db>(checked, checked.origin.address, lease) }
      : {}),
    parse: async (script) => (await (parser ??= import('./script.ts'))).parse(script),
    async open(options) {
      const { connectTimeoutMs, signal } = options;
      const wire = await connect(checked, { timeoutMs: connectTimeoutMs, signal });
      const link = createLink({
        wire,
        target,
        options,
        lease,
        lent: kind === 'client' || kind === 'pglite',
        disposable: kind === 'pool',
        openBeside: canOpenMore ? () => connect(checked, { timeoutMs: BESIDE_MS }) : null,
      });
      return createSession<Db>(link, {
        lockRetries: checked.lockRetries,
        backup: checked.backup,
        ways: waysOf(checked, connectTimeoutMs),
      });
    },
  };
}

function creating<Db>(
  checked: CheckedOptions,
  address: Address,
  lease: LeaseTiming,
): NonNullable<DatabaseAdapter<Db>['createDatabase']> {
  return async (name, { connectTimeoutMs: timeoutMs, signal, swap = false }) => {
    const [{ createDatabase, dropDatabase }, { expectSwappable, swapDatabases }] = await Promise.all([
      import('./create-database.ts'),
      import('./swap-database.ts'),
    ]);
    if (swap) await expectSwappable(checked, { timeoutMs, signal });
    await createDatabase(checked, name, { timeoutMs, signal });
    const origin = { kind: 'address', address: { ...address, database: name } } as const;
    return {
      adapter: adapterOf<Db>({ ...checked, origin }, lease),
      swap: () => swapDatabases(checked, name, { timeoutMs }),
      drop: () => dropDatabase(checked, name, { timeoutMs }),
    };
  };
}
