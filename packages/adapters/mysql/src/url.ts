import { choice, decodeUrlPart, didYouMean, misuse, splitOnce } from '@detent/core';

export const TLS_MODES = ['disabled', 'preferred', 'required', 'verify-ca', 'verify-identity'] as const;

/** As MySQL's `--ssl-mode`: `required` encrypts and believes any certificate. */
export type TlsMode = (typeof TLS_MODES)[number];

/** Where a server is and who comes, as far as a URL says. */
export interface Address {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly tlsMode?: TlsMode;
}

const PARAMETERS = ['ssl-mode'];

/** What people write into URLs for other programs, and what there is here in its place. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  host: 'Write the host in front of the path; for a Unix socket use the option `socket`.',
  socketPath: 'Use the option `socket`.',
  socket: 'Use the option `socket`.',
  multipleStatements: 'Leave it out: scripts are taken apart and their statements sent one by one.',
  ssl: 'Write ?ssl-mode=required, or pass the option `tls`.',
  sslmode: 'Write ?ssl-mode=required.',
  sslaccept: 'Write ?ssl-mode=required or ?ssl-mode=verify-identity.',
  sslca: 'Pass the certificate itself: tls: { ca }.',
  sslcert: 'Pass the certificate itself: tls: { cert, key }.',
  'ssl-ca': 'Pass the certificate itself: tls: { ca }.',
  'ssl-cert': 'Pass the certificate itself: tls: { cert, key }.',
  charset: 'Leave it out: Detent speaks utf8mb4.',
  timezone: 'Leave it out: a session of Detent is in UTC; a migration may SET time_zone.',
  flags: 'Leave it out.',
  connectTimeout: 'Use timeouts.connectMs of the executor.',
  connect_timeout: 'Use timeouts.connectMs of the executor.',
};

/**
 * Reads `mysql://user:password@host:port/database?ssl-mode=…`. Parameters come from the list above and nothing else is
 * passed on: mysql2's own `socketPath=` or `multipleStatements=` would go past every check made here. Throws `CONFIG`,
 * never showing the URL.
 */
export function parseUrl(url: string): Address {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  if (scheme === undefined || !['mysql', 'mariadb'].includes(scheme.toLowerCase())) {
    throw misuse(
      scheme === undefined ? 'The MySQL URL has no scheme.' : `"${scheme}:" is not a URL of MySQL or MariaDB.`,
      'Write mysql://user:password@host:3306/database.',
    );
  }
  if (/\p{Cc}/u.test(url))
    throw misuse('The MySQL URL holds a control character.', 'Write it anew, without what was pasted along.');
  const [beforeHash = ''] = url.slice(scheme.length + 3).split('#');
  const [beforeQuery, query = ''] = splitOnce(beforeHash, '?');
  const [authority, path = ''] = splitOnce(beforeQuery, '/');
  const at = authority.lastIndexOf('@');
  const [user, password] = splitOnce(authority.slice(0, Math.max(at, 0)), ':');
  const database = decode(path, 'database');
  if (database.includes('/'))
    throw misuse('The MySQL URL has more than a database behind its host.', 'Write mysql://host/database.');
  return {
    ...hostOf(authority.slice(at + 1)),
    ...(user === '' ? {} : { user: decode(user, 'user') }),
    ...(password === undefined ? {} : { password: decode(password, 'password') }),
    ...(database === '' ? {} : { database }),
    ...parameters(query),
  };
}

function hostOf(text: string): Pick<Address, 'host' | 'port'> {
  if (text === '') return {};
  if (text.includes(','))
    throw misuse('The MySQL URL names several hosts.', 'Name one: migrations belong to the primary.');
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(text) ?? [];
  const host = bracketed ?? decode(plain, 'host');
  if (host === '' || host.includes('/') || host.includes('@')) {
    throw misuse(
      'The host of the MySQL URL is not a host.',
      'Percent-encode special characters in the password; for a Unix socket use the option `socket`.',
    );
  }
  return { host, ...(port === undefined || port === '' ? {} : { port: portOf(port) }) };
}

function parameters(query: string): Pick<Address, 'tlsMode'> {
  const given = new URLSearchParams(query);
  for (const name of given.keys()) {
    if (PARAMETERS.includes(name)) continue;
    throw misuse(
      `A MySQL URL has no parameter "${name}" here${didYouMean(name, PARAMETERS) || '.'}`,
      ELSEWHERE[name] ?? `Known: ${PARAMETERS.join(', ')}.`,
    );
  }
  const mode = given.get('ssl-mode');
  return mode === null ? {} : { tlsMode: tlsModeOf(mode, 'ssl-mode') };
}

/** Throws `CONFIG` naming the nearest mode. */
export function tlsModeOf(value: string, name: string): TlsMode {
  return choice(name, value.replaceAll('_', '-'), TLS_MODES);
}

function portOf(text: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw misuse(
    'The port of the MySQL URL is not a port.',
    'It is a number from 1 to 65535; MySQL and MariaDB listen on 3306.',
  );
}

function decode(text: string, part: string): string {
  return decodeUrlPart(
    text,
    `The ${part} in the MySQL URL`,
    'Write % as %25, / as %2F, : as %3A, @ as %40 and # as %23.',
  );
}
