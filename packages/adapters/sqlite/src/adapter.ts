import { misuse, type DatabaseAdapter, type OpenOptions } from '@detent/core';
import type { Patience } from './busy.ts';
import {
  driverOf,
  libraryOf,
  loadLibrary,
  wrap,
  type DriverName,
  type Library,
  type SqliteDatabase,
} from './driver.ts';
import { borrowedLink, openLink } from './link.ts';
import type * as Script from './script.ts';
import { checkSchema, createSession } from './session.ts';
import { checkOptions, type CheckedOptions, type SqliteOptions } from './options.ts';

/** How long another connection's transaction is waited for, unless told. */
const BUSY_TIMEOUT_MS = 10_000;

/** Throws `CONFIG` for options that are not right; opens nothing. */
export function createAdapter<Db>(options: SqliteOptions): DatabaseAdapter<Db> {
  return adapterOf(checkOptions(options));
}

function adapterOf<Db>(checked: CheckedOptions): DatabaseAdapter<Db> {
  const { address, database } = checked;
  let parser: Promise<typeof Script> | null = null;
  return {
    name: 'sqlite',
    target: address?.shown ?? 'an open database',
    scriptExtensions: ['.sql'],
    lockTimeoutMs: 3_000,
    at: (url) => adapterOf(checkOptions({ ...checked.given, url, database: undefined, driver: checked.driver })),
    parse: async (script) => (await (parser ??= import('./script.ts'))).parse(script),
    async open(open) {
      checkSchema(open.schema);
      const limitMs = checked.busyTimeoutMs ?? (open.lockTimeoutMs || BUSY_TIMEOUT_MS);
      const patience: Patience = { limitMs, signal: open.signal };
      const library = database === null ? await loadLibrary(checked.driver) : await libraryOf(database);
      const link =
        database === null ? await linkTo(checked, library, open, patience) : borrowed(database, library, open);
      const { allowAttach, synchronous } = checked;
      return createSession<Db>({ link, options: open, patience, allowAttach, batchCommits: synchronous === undefined });
    },
  };
}

function linkTo(
  { address, journalMode, synchronous }: CheckedOptions,
  library: Library,
  open: OpenOptions,
  patience: Patience,
) {
  const path = address?.path ?? null;
  return openLink({ library, path, readOnly: open.readOnly, journalMode, synchronous, patience });
}

function borrowed(database: SqliteDatabase, library: Library, open: OpenOptions) {
  driverOf(database);
  const file = wrap(database, library, null).value("SELECT file FROM pragma_database_list WHERE name = 'main'");
  const connection = wrap(database, library, typeof file === 'string' && file !== '' ? file : null);
  if (connection.inTransaction)
    throw misuse('`database` is in the middle of a transaction.', 'End it before Detent runs.');
  return borrowedLink(connection, open.readOnly);
}

export type { DriverName };
