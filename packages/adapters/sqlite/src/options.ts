import { choice, choiceOption, didYouMean, flagOption, misuse } from '@detent/core';
import { driverOf, type DriverName, type SqliteDatabase } from './driver.ts';
import {
  JOURNAL_MODES,
  milliseconds,
  parseUrl,
  SYNCHRONOUS,
  type Address,
  type JournalMode,
  type Synchronous,
} from './url.ts';

interface CommonOptions {
  /**
   * `keep` leaves a database as it is; so does saying nothing, except that a file which Detent creates starts in `wal`:
   * there a commit costs one sync instead of several, and readers are never shut out while a migration runs.
   */
  readonly journalMode?: JournalMode | undefined;
  /**
   * As `PRAGMA synchronous`. Unless told it stays as SQLite was built, `full`, except that in `wal` the commits of one
   * run are synced together before the lock is given back.
   */
  readonly synchronous?: Synchronous | undefined;
  /** How long another connection's transaction is waited for. 10,000 unless told here or by `timeouts.lock`. */
  readonly busyTimeoutMs?: number | undefined;
  /** Scripts may open other files with ATTACH. */
  readonly allowAttach?: boolean | undefined;
}

export interface UrlOptions extends CommonOptions {
  /** `sqlite:app.db`, `sqlite:///absolute/app.db`, `file:app.db`, a path, or `:memory:`. */
  readonly url: string;
  readonly database?: undefined;
  /**
   * Node's own SQLite unless told. Must be the one by which the application opens the same file in the same process:
   * two copies of SQLite do not see each other's locks there.
   */
  readonly driver?: DriverName | undefined;
}

export interface DatabaseOptions<Db extends SqliteDatabase = SqliteDatabase> extends CommonOptions {
  /** An open database of `node:sqlite` or `better-sqlite3`. Detent uses it and leaves it open. */
  readonly database: Db;
  readonly url?: undefined;
  readonly driver?: undefined;
}

export type SqliteOptions = UrlOptions | DatabaseOptions;

/** Options as everything inside relies on them. */
export interface CheckedOptions {
  readonly given: CommonOptions;
  readonly address: Address | null;
  readonly database: SqliteDatabase | null;
  readonly driver: DriverName;
  readonly journalMode: JournalMode | undefined;
  readonly synchronous: Synchronous | undefined;
  readonly busyTimeoutMs: number | undefined;
  readonly allowAttach: boolean;
}

const DRIVERS = ['node:sqlite', 'better-sqlite3'] as const;
const KEYS = ['url', 'database', 'driver', 'journalMode', 'synchronous', 'busyTimeoutMs', 'allowAttach'];

/** Throws `CONFIG`. What stands in the URL goes before what stands beside it. */
export function checkOptions(options: {
  readonly [Key in keyof UrlOptions | keyof DatabaseOptions]?: unknown;
}): CheckedOptions {
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key))
      throw misuse(`sqlite(…) has no option "${key}"${didYouMean(key, KEYS) || '.'}`, `Known: ${KEYS.join(', ')}.`);
  }
  const { url, database, driver, busyTimeoutMs } = options;
  if ((url === undefined) === (database === undefined)) {
    throw misuse('sqlite(…) needs either `url` or `database`.', "Write sqlite({ url: 'app.db' }).");
  }
  if (url !== undefined && typeof url !== 'string')
    throw misuse('`url` must be a text.', "Write sqlite({ url: 'app.db' }).");
  if (database !== undefined && !isObject(database))
    throw misuse('`database` must be an open database.', 'Pass `new DatabaseSync(path)`, or `url`.');
  const allowAttach = flagOption(options, 'allowAttach');
  const given = {
    journalMode: choiceOption(options, 'journalMode', JOURNAL_MODES),
    synchronous: choiceOption(options, 'synchronous', SYNCHRONOUS),
    busyTimeoutMs: busyTimeoutMs === undefined ? undefined : milliseconds('busyTimeoutMs', Number(busyTimeoutMs)),
    allowAttach,
  };
  const address = typeof url === 'string' ? parseUrl(url) : null;
  const open = database === undefined ? null : (database as SqliteDatabase);
  return {
    given,
    address,
    database: open,
    driver: open === null ? choice('driver', driver ?? 'node:sqlite', DRIVERS) : driverOf(open),
    journalMode: address?.journalMode ?? given.journalMode,
    synchronous: address?.synchronous ?? given.synchronous,
    busyTimeoutMs: address?.busyTimeoutMs ?? given.busyTimeoutMs,
    allowAttach: allowAttach ?? false,
  };
}

function isObject(value: unknown): value is object {
  return typeof value === 'object' && value !== null;
}
