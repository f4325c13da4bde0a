import type { DatabaseAdapter, MigrationSession } from '@detent/core';

/** Not verbs: what they hold is passed on as it is. */
const VALUES: ReadonlySet<string | symbol> = new Set(['db', 'sql', 'capabilities', 'server']);

/** The same thing with some of its parts replaced; everything else still works on the thing itself. */
export function overlay<T extends object>(base: T, parts: Partial<T>): T {
  return new Proxy(base, {
    get(thing, key): unknown {
      if (Object.hasOwn(parts, key)) return Reflect.get(parts, key);
      const value: unknown = Reflect.get(thing, key, thing);
      return typeof value === 'function' && !VALUES.has(key) ? (value.bind(thing) as unknown) : value;
    },
  });
}

/** The same adapter with every session that looks and works through `change`. */
export function withSessions<Db>(
  adapter: DatabaseAdapter<Db>,
  change: (session: MigrationSession<Db>) => MigrationSession<Db>,
): DatabaseAdapter<Db> {
  return overlay(adapter, {
    at: (url) => withSessions(adapter.at(url), change),
    open: async (options) => change(await adapter.open(options)),
  });
}
