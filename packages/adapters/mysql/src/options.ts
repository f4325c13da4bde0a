import type { ConnectionOptions } from 'node:tls';
import { choiceOption, countOption, didYouMean, flagOption, misuse, textOption } from '@detent/core';
import type { MysqlPool } from './driver.ts';
import { METHODS, type BackupMethod } from './method.ts';
import { parseUrl, tlsModeOf, type Address, type TlsMode } from './url.ts';

export interface ConnectionSettings {
  /** As MySQL's `--ssl-mode`, or what `tls.connect` takes; true is `verify-identity`. */
  readonly tls?: TlsMode | boolean | ConnectionOptions | undefined;
  /** The path of the server's Unix socket, such as `/run/mysqld/mysqld.sock`, in place of a host. */
  readonly socket?: string | undefined;
  /** In place of the one in the URL; a function is asked at every connect, for passwords that expire. */
  readonly password?: string | (() => string | Promise<string>) | undefined;
  /** How often a statement is tried again that could not get its lock in time; 4 unless told. */
  readonly lockRetries?: number | undefined;
  /**
   * On a cluster where every node can be written to, the lock of one node does not reach the others: true says that every
   * runner connects to the same one.
   */
  readonly singleWriter?: boolean | undefined;
  /**
   * How backups are made: `copy` unless told, which needs nothing and works everywhere; `dump` by `mariadb-dump` or
   * `mysqldump`, whose file any administrator can use.
   */
  readonly backup?: BackupMethod | undefined;
}

export interface UrlOptions extends ConnectionSettings {
  /** `mysql://user:password@host:3306/database`, or `mariadb://…`. */
  readonly url: string;
  readonly pool?: undefined;
  readonly connection?: undefined;
}

export interface PoolOptions {
  /** A pool of mysql2. One connection is taken from it, and closed when Detent has written through it. */
  readonly pool: MysqlPool;
  readonly lockRetries?: number | undefined;
  readonly singleWriter?: boolean | undefined;
  readonly url?: undefined;
  readonly connection?: undefined;
}

export interface ConnectionOfUser<Connection extends object = object> {
  /** A connection of mysql2, shared with nobody while Detent runs. It stays open. */
  readonly connection: Connection;
  readonly lockRetries?: number | undefined;
  readonly singleWriter?: boolean | undefined;
  readonly url?: undefined;
  readonly pool?: undefined;
}

export type MysqlOptions = UrlOptions | PoolOptions | ConnectionOfUser;

/** Where the connection comes from. */
export type Origin =
  | { readonly kind: 'address'; readonly address: Address }
  | { readonly kind: 'pool'; readonly pool: MysqlPool }
  | { readonly kind: 'connection'; readonly connection: object };

/** Options as everything inside relies on them. */
export interface CheckedOptions {
  readonly given: ConnectionSettings;
  readonly origin: Origin;
  readonly tls: TlsMode | ConnectionOptions | null;
  readonly lockRetries: number;
  readonly singleWriter: boolean;
  readonly backup: BackupMethod;
}

const KEYS = ['url', 'pool', 'connection', 'tls', 'socket', 'password', 'lockRetries', 'singleWriter', 'backup'];

/** What of the options of TLS a program can be told. */
export const TLS_FILES = ['ca', 'cert', 'key'] as const;

/** Throws `CONFIG`. Never shows a URL or a password. */
export function checkOptions(options: Readonly<Record<string, unknown>>): CheckedOptions {
  for (const key of Object.keys(options)) {
    if (!KEYS.includes(key))
      throw misuse(`mysql(…) has no option "${key}"${didYouMean(key, KEYS) || '.'}`, `Known: ${KEYS.join(', ')}.`);
  }
  const given: ConnectionSettings = {
    tls: tlsOf(options['tls']),
    socket: textOption(options, 'socket'),
    password: passwordOf(options['password']),
    lockRetries: countOption(options, 'lockRetries', 'Write 0 to try once.'),
    singleWriter: flagOption(options, 'singleWriter'),
    backup: choiceOption(options, 'backup', METHODS),
  };
  const { tls, backup = 'copy' } = given;
  const origin = originOf(options);
  if (backup === 'dump') checkDump(origin, tls);
  return {
    given,
    origin,
    backup,
    tls: tls === true ? 'verify-identity' : tls === false ? 'disabled' : (tls ?? null),
    lockRetries: given.lockRetries ?? 4,
    singleWriter: given.singleWriter ?? false,
  };
}

function originOf(options: Readonly<Record<string, unknown>>): Origin {
  const { pool, connection } = options;
  const ways = [options['url'], pool, connection].filter((way) => way !== undefined);
  if (ways.length !== 1)
    throw misuse(
      'mysql(…) takes one of `url`, `pool` and `connection`.',
      'Write mysql({ url: "mysql://user:password@host:3306/database" }).',
    );
  if (pool !== undefined) {
    if (!has(pool, 'getConnection'))
      throw misuse('`pool` must be a pool of mysql2.', 'Pass what `mysql.createPool({ … })` gives.');
    return { kind: 'pool', pool: pool as MysqlPool };
  }
  if (connection !== undefined) {
    if (!has(connection, 'query') || !has(connection, 'end'))
      throw misuse(
        '`connection` must be a connection of mysql2.',
        'Pass what `await mysql.createConnection({ … })` gives.',
      );
    return { kind: 'connection', connection: connection as object };
  }
  return { kind: 'address', address: parseUrl(textOption(options, 'url') ?? '') };
}

function tlsOf(value: unknown): ConnectionSettings['tls'] {
  if (value === undefined || typeof value === 'boolean') return value;
  if (typeof value === 'string') return tlsModeOf(value, 'tls');
  if (typeof value === 'object' && value !== null) return value;
  throw misuse('tls must be a mode, true, false or options of TLS.', "Write tls: 'verify-identity' or tls: { ca }.");
}

function passwordOf(value: unknown): ConnectionSettings['password'] {
  if (value === undefined || typeof value === 'string') return value;
  if (typeof value === 'function') return value as () => string | Promise<string>;
  throw misuse('password must be a text or a function that gives one.', 'Leave it out where the URL holds it.');
}

/** Another program has to find the server by itself, and reads nothing but files. */
function checkDump(origin: Origin, tls: ConnectionSettings['tls']): void {
  if (origin.kind !== 'address') throw misuse("backup: 'dump' opens a connection of its own.", 'Give `url`.');
  if (typeof tls !== 'object') return;
  for (const [name, value] of Object.entries(tls)) {
    const isFile = TLS_FILES.some((file) => file === name) && [value].flat().every(isPem);
    if (value === undefined || isFile || name === 'rejectUnauthorized') continue;
    throw misuse(
      `backup: 'dump' cannot pass tls.${name} on to a program.`,
      `Give ${TLS_FILES.join(', ')} as PEM, or take backup: 'copy'.`,
    );
  }
}

function isPem(value: unknown): boolean {
  return typeof value === 'string' || Buffer.isBuffer(value);
}

function has(value: unknown, method: string): boolean {
  return typeof value === 'object' && value !== null && typeof Reflect.get(value, method) === 'function';
}
