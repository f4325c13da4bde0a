import type { ConnectionOptions } from 'node:tls';
import { didYouMean, flagOption, misuse, textOption } from '@detent/core';
import type { Db, MongoClient } from 'mongodb';
import { databaseName, parseUrl, type Address } from './url.ts';

export interface UrlOptions {
  /** `mongodb://user:password@host:27017/database?replicaSet=rs0`, or `mongodb+srv://…`. */
  readonly url: string;
  /** In place of the one in the URL. */
  readonly password?: string | undefined;
  /** In place of the one in the URL. */
  readonly database?: string | undefined;
  /** True: encrypted and checked. Or what `tls.connect` takes: `ca`, `cert`, `key`, `rejectUnauthorized`. */
  readonly tls?: boolean | TlsOptions | undefined;
  /** Backups are packed; false unless told. */
  readonly gzip?: boolean | undefined;
  readonly client?: undefined;
  readonly db?: undefined;
}

export type TlsOptions = Pick<ConnectionOptions, 'ca' | 'cert' | 'key' | 'passphrase' | 'rejectUnauthorized'>;

export interface ClientOptions {
  /** A client of the driver. It stays open. */
  readonly client: MongoClient;
  /** Which of its databases; the one of its URL unless told. */
  readonly database?: string | undefined;
  readonly gzip?: boolean | undefined;
  readonly url?: undefined;
  readonly db?: undefined;
}

export interface DbOptions {
  /** A database of a client of the driver, which stays open. */
  readonly db: Db;
  readonly gzip?: boolean | undefined;
  readonly url?: undefined;
  readonly client?: undefined;
}

export type MongoOptions = UrlOptions | ClientOptions | DbOptions;

/** Where the client comes from. */
export type Origin =
  | { readonly kind: 'address'; readonly address: Address; readonly tls: boolean | TlsOptions | null }
  | { readonly kind: 'lent'; readonly client: MongoClient };

/** Options as everything inside relies on them. */
export interface CheckedOptions {
  readonly origin: Origin;
  readonly database: string;
  readonly gzip: boolean;
  readonly given: Readonly<Record<string, unknown>>;
}

const KEYS = ['url', 'client', 'db', 'database', 'password', 'tls', 'gzip'];

/** Throws `CONFIG`. Never shows a URL or a password. */
export function checkOptions(options: Readonly<Record<string, unknown>>): CheckedOptions {
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key))
      throw misuse(`mongo(…) has no option "${key}"${didYouMean(key, KEYS) || '.'}`, `Known: ${KEYS.join(', ')}.`);
  }
  const { client, db, tls } = options;
  const ways = [options['url'], client, db].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw misuse(
      'mongo(…) takes one of `url`, `client` and `db`.',
      'Write mongo({ url: "mongodb://user:password@host:27017/database" }).',
    );
  const database = textOption(options, 'database');
  if (database !== undefined) databaseName(database, '`database`');
  const gzip = flagOption(options, 'gzip') ?? false;
  const given = { tls, gzip, password: options['password'] };
  if (db !== undefined) {
    if (!isDb(db)) throw misuse('`db` must be a database of the mongodb driver.', 'Pass what `client.db()` gives.');
    return { origin: { kind: 'lent', client: db.client }, database: db.databaseName, gzip, given };
  }
  if (client !== undefined) {
    if (!isClient(client))
      throw misuse('`client` must be a client of the mongodb driver.', 'Pass what `new MongoClient(url)` gives.');
    return { origin: { kind: 'lent', client }, database: database ?? client.db().databaseName, gzip, given };
  }
  const address = parseUrl(textOption(options, 'url') ?? '');
  const name = database ?? address.database;
  if (name === undefined)
    throw misuse('The MongoDB URL names no database.', 'Write mongodb://host:27017/database, or give `database`.');
  const password = textOption(options, 'password') ?? address.password;
  return {
    origin: { kind: 'address', address: password === undefined ? address : { ...address, password }, tls: tlsOf(tls) },
    database: name,
    gzip,
    given,
  };
}

function tlsOf(value: unknown): boolean | TlsOptions | null {
  if (value === undefined) return null;
  if (typeof value === 'boolean' || (typeof value === 'object' && value !== null)) return value;
  throw misuse('tls must be true, false or options of TLS.', 'Write tls: true or tls: { ca }.');
}

function isClient(value: unknown): value is MongoClient {
  return has(value, 'db') && has(value, 'startSession') && has(value, 'connect');
}

function isDb(value: unknown): value is Db {
  return has(value, 'collection') && has(value, 'command') && isClient(Reflect.get(value as object, 'client'));
}

function has(value: unknown, method: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
}
