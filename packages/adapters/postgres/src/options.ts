import type { ConnectionOptions } from 'node:tls';
import { choiceOption, countOption, didYouMean, misuse, textOption } from '@detent/core';
import type { PgClient, PgliteDatabase, PgPool } from './driver.ts';
import { METHODS, type BackupMethod } from './method.ts';
import { parseUrl, sslModeOf, type Address, type SslMode } from './url.ts';

export interface ConnectionSettings {
  /**
   * A direct way to the server where `url`, `pool` or `client` leads through a pooler. Migrations use it in place of the
   * other: what takes a lock of the session, or cannot run in a transaction, does not go through a pooler.
   */
  readonly directUrl?: string | undefined;
  /** As psql's `sslmode`, or what `tls.connect` takes; true is `verify-full`. */
  readonly ssl?: SslMode | boolean | ConnectionOptions | undefined;
  /** The folder of the server's Unix socket, such as `/var/run/postgresql`, in place of a host. */
  readonly socket?: string | undefined;
  /** In place of the one in the URL; a function is asked at every connect, for passwords that expire. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /** What the server shows in `pg_stat_activity`; `detent` unless told. */
  readonly applicationName?: string | undefined;
  /** How often a transaction is tried again whose statement could not get its lock in time; 4 unless told. */
  readonly lockRetries?: number | undefined;
  /** How backups are made; `copy` unless told, which needs nothing and works everywhere. */
  readonly backup?: BackupMethod | undefined;
}

export interface UrlOptions extends ConnectionSettings {
  /** `postgres://user:password@host:5432/database`. What it leaves out comes from `PGHOST`, `PGUSER` and so on. */
  readonly url?: string | undefined;
  readonly pool?: undefined;
  readonly client?: undefined;
  readonly pglite?: undefined;
}

export interface PoolOptions<Client extends PgClient = PgClient> extends ConnectionSettings {
  /** A pool of `pg`. One client is taken from it, and given back only as it was. */
  readonly pool: PgPool<Client>;
  readonly url?: undefined;
  readonly client?: undefined;
  readonly pglite?: undefined;
}

export interface ClientOptions<Client extends PgClient = PgClient> extends ConnectionSettings {
  /** A connected client of `pg`, shared with nobody while Detent runs. It stays open. */
  readonly client: Client;
  readonly url?: undefined;
  readonly pool?: undefined;
  readonly pglite?: undefined;
}

export interface PgliteOptions<Database extends PgliteDatabase = PgliteDatabase> {
  /** A PGlite database. It stays open. */
  readonly pglite: Database;
  readonly lockRetries?: number | undefined;
  readonly url?: undefined;
  readonly pool?: undefined;
  readonly client?: undefined;
}

export type PostgresOptions = UrlOptions | PoolOptions | ClientOptions | PgliteOptions;

/** Where the connection comes from. */
export type Origin =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'pool'; readonly pool: PgPool }
  | { readonly kind: 'client'; readonly client: PgClient }
  | { readonly kind: 'pglite'; readonly database: PgliteDatabase };

/** Options as everything inside relies on them. */
export interface CheckedOptions {
  readonly given: ConnectionSettings;
  /** `directUrl` where there is one. */
  readonly origin: Origin;
  readonly ssl: SslMode | ConnectionOptions | null;
  readonly lockRetries: number;
  readonly backup: BackupMethod;
}

const KEYS = [
  'url',
  'pool',
  'client',
  'pglite',
  'directUrl',
  'ssl',
  'socket',
  'password',
  'applicationName',
  'lockRetries',
  'backup',
];

/** Throws `CONFIG`. Never shows a URL or a password. */
export function checkOptions(options: Readonly<Record<string, unknown>>): CheckedOptions {
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key))
      throw misuse(`postgres(…) has no option "${key}"${didYouMean(key, KEYS) || '.'}`, `Known: ${KEYS.join(', ')}.`);
  }
  const { url, pool, client, pglite } = options;
  const ways = [url, pool, client, pglite].filter((way) => way !== undefined);
  if (ways.length > 1)
    throw misuse('postgres(…) takes one of `url`, `pool`, `client` and `pglite`.', 'Leave the others out.');
  const given: ConnectionSettings = {
    directUrl: textOption(options, 'directUrl'),
    ssl: sslOf(options['ssl']),
    socket: textOption(options, 'socket'),
    password: passwordOf(options['password']),
    applicationName: textOption(options, 'applicationName'),
    lockRetries: countOption(options, 'lockRetries', 'Write 0 to try once.'),
    backup: choiceOption(options, 'backup', METHODS),
  };
  const { directUrl, ssl, backup = 'copy' } = given;
  const direct = directUrl === undefined ? null : parseUrl(directUrl);
  const origin: Origin =
    direct === null ? originOf(options, textOption(options, 'url')) : { kind: 'address', address: direct };
  checkMethod(backup, origin, ssl);
  return {
    given,
    origin,
    backup,
    ssl: ssl === true ? 'verify-full' : ssl === false ? 'disable' : (ssl ?? null),
    lockRetries: given.lockRetries ?? 4,
  };
}

function originOf(options: Readonly<Record<string, unknown>>, url: string | undefined): Origin {
  const { pool, client, pglite } = options;
  if (pool !== undefined) {
    if (!has(pool, 'connect')) throw misuse('`pool` must be a pool of pg.', 'Pass `new pg.Pool({ … })`.');
    return { kind: 'pool', pool: pool as PgPool };
  }
  if (client !== undefined) {
    if (!has(client, 'query') || !has(client, 'connect'))
      throw misuse('`client` must be a connected client of pg.', 'Pass a `pg.Client` after `await client.connect()`.');
    return { kind: 'client', client: client as PgClient };
  }
  if (pglite !== undefined) {
    if (!has(pglite, 'execProtocol')) throw misuse('`pglite` must be a PGlite database.', 'Pass `new PGlite(…)`.');
    return { kind: 'pglite', database: pglite as PgliteDatabase };
  }
  return { kind: 'address', address: url === undefined ? {} : parseUrl(url) };
}

function sslOf(value: unknown): ConnectionSettings['ssl'] {
  if (value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'string') return sslModeOf(value, 'ssl');
  if (typeof value === 'object' && value !== null) return value;
  throw misuse('ssl must be a mode, true, false or options of TLS.', "Write ssl: 'verify-full' or ssl: { ca }.");
}

function passwordOf(value: unknown): ConnectionSettings['password'] {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'function') return value as () => string | Promise<string>;
  throw misuse('password must be a text or a function that gives one.', 'Leave it out where the URL holds it.');
}

/** Another program has to find the server by itself. */
function checkMethod(backup: BackupMethod, origin: Origin, ssl: ConnectionSettings['ssl']): void {
  if (backup === 'copy') return;
  if (origin.kind !== 'address')
    throw misuse(`backup: '${backup}' opens connections of its own.`, 'Give `url` or `directUrl`.');
  if (backup === 'pg_dump' && typeof ssl === 'object')
    throw misuse(
      "backup: 'pg_dump' cannot pass options of TLS on to a program.",
      "Give a mode, and the certificates by PGSSLROOTCERT, PGSSLCERT and PGSSLKEY; or take backup: 'copy'.",
    );
}

function has(value: unknown, method: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
}
