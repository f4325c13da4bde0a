import { choice, decodeUrlPart, didYouMean, misuse, splitOnce } from '@detent/core';

export const SSL_MODES = ['disable', 'allow', 'prefer', 'require', 'verify-ca', 'verify-full', 'no-verify'] as const;

/** As libpq means them: `require` encrypts and believes any certificate, as `no-verify` does. */
export type SslMode = (typeof SSL_MODES)[number];

/** Where a server is and who comes, as far as a URL or the environment says. */
export interface Address {
  readonly host?: string;
  readonly port?: number;
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly sslMode?: SslMode;
  /** The file of the authority that the server's certificate is checked by; `system` for those that Node knows. */
  readonly sslRootCert?: string;
  /** The files of a certificate of one's own, and of its key. */
  readonly sslCert?: string;
  readonly sslKey?: string;
  readonly channelBinding?: ChannelBinding;
  readonly applicationName?: string;
}

export const CHANNEL_BINDINGS = ['disable', 'prefer', 'require'] as const;

/** Whether the password is proven for this very connection; what is preferred is not done. */
export type ChannelBinding = (typeof CHANNEL_BINDINGS)[number];

const PARAMETERS = ['sslmode', 'sslrootcert', 'channel_binding', 'application_name'];

/** What people write into URLs for other programs, and what there is here in its place. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  host: 'Write the host in front of the path; for a Unix socket use the option `socket`.',
  hostaddr: 'Write the address in place of the host.',
  service: 'Set PGSERVICE.',
  passfile: 'Set PGPASSFILE.',
  sslcert: 'Set PGSSLCERT, or pass the certificate itself: ssl: { cert, key }.',
  sslkey: 'Set PGSSLKEY, or pass the key itself: ssl: { cert, key }.',
  options: 'Set what a migration needs by SET in that migration, or for the role by ALTER ROLE … SET.',
  schema: 'Use the option `schema` of the executor for the history; migrations name their own schema.',
  pgbouncer: 'Leave it out: a pooler is recognised. Give `directUrl` for what cannot go through one.',
  connect_timeout: 'Use timeouts.connectMs of the executor.',
  statement_timeout: 'Use timeouts.statementMs of the executor.',
  lock_timeout: 'Use timeouts.lockMs of the executor.',
};

/** As `\p{Cc}` has it, which every start would look up in Unicode's tables. */
const CONTROL = /[^ -~\u00a0-\uffff]/;

/**
 * Reads `postgres://user:password@host:port/database?sslmode=…`. Parameters come from the list above and nothing else is
 * passed on: pg's own `host=`, `sslcert=` or `options=` would go past every check made here. Throws `CONFIG`, never
 * showing the URL.
 */
export function parseUrl(url: string): Address {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1];
  if (scheme === undefined || !['postgres', 'postgresql'].includes(scheme.toLowerCase())) {
    throw misuse(
      scheme === undefined ? 'The PostgreSQL URL has no scheme.' : `"${scheme}:" is not a URL of PostgreSQL.`,
      'Write postgres://user:password@host:5432/database.',
    );
  }
  if (CONTROL.test(url))
    throw misuse('The PostgreSQL URL holds a control character.', 'Write it anew, without what was pasted along.');
  const [beforeHash = ''] = url.slice(scheme.length + 3).split('#');
  const [beforeQuery, query = ''] = splitOnce(beforeHash, '?');
  const [authority, path = ''] = splitOnce(beforeQuery, '/');
  const at = authority.lastIndexOf('@');
  const [user, password] = splitOnce(authority.slice(0, Math.max(at, 0)), ':');
  return {
    ...hostOf(authority.slice(at + 1)),
    ...(user === '' ? {} : { user: decode(user, 'user') }),
    ...(password === undefined ? {} : { password: decode(password, 'password') }),
    ...(path === '' ? {} : { database: decode(path, 'database') }),
    ...parameters(query),
  };
}

function hostOf(text: string): Pick<Address, 'host' | 'port'> {
  if (text === '') return {};
  const [, bracketed, plain = '', port] =
    /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(oneHost(text, 'The PostgreSQL URL')) ?? [];
  const host = bracketed ?? decode(plain, 'host');
  if (host === '' || host.includes('/') || host.includes('@')) {
    throw misuse(
      'The host of the PostgreSQL URL is not a host.',
      'Percent-encode special characters in the password; for a Unix socket use the option `socket`.',
    );
  }
  return {
    host,
    ...(port === undefined || port === '' ? {} : { port: portOf(port, 'The port of the PostgreSQL URL') }),
  };
}

/** Throws `CONFIG`. */
export function oneHost(text: string, name: string): string {
  if (!text.includes(',')) return text;
  throw misuse(`${name} names several hosts.`, 'Name one: migrations belong to the primary.');
}

function parameters(query: string): Pick<Address, 'sslMode' | 'applicationName'> {
  const given = new URLSearchParams(query);
  for (const name of given.keys()) {
    if (PARAMETERS.includes(name)) continue;
    throw misuse(
      `A PostgreSQL URL has no parameter "${name}" here${didYouMean(name, PARAMETERS) || '.'}`,
      ELSEWHERE[name] ?? `Known: ${PARAMETERS.join(', ')}.`,
    );
  }
  const [mode, rootCert, binding, applicationName] = PARAMETERS.map((name) => given.get(name) ?? undefined);
  if (rootCert !== undefined && rootCert !== SYSTEM)
    throw misuse(
      'A PostgreSQL URL names no files.',
      'Set PGSSLROOTCERT, or pass the certificate itself: ssl: { ca }; sslrootcert=system is for public authorities.',
    );
  return {
    ...(mode === undefined ? {} : { sslMode: sslModeOf(mode, 'sslmode') }),
    ...(rootCert === undefined ? {} : { sslRootCert: rootCert }),
    ...(binding === undefined ? {} : { channelBinding: channelBindingOf(binding, 'channel_binding') }),
    ...(applicationName === undefined ? {} : { applicationName }),
  };
}

/** In place of a file: the authorities that come with Node. */
export const SYSTEM = 'system';

/** Throws `CONFIG` naming the nearest mode. */
export function sslModeOf(value: string, name: string): SslMode {
  return choice(name, value, SSL_MODES);
}

export function channelBindingOf(value: string, name: string): ChannelBinding {
  return choice(name, value, CHANNEL_BINDINGS);
}

export function portOf(text: string, name: string): number {
  const port = /^\d{1,5}$/.test(text) ? Number(text) : 0;
  if (port >= 1 && port <= 65_535) return port;
  throw misuse(`${name} is not a port.`, 'It is a number from 1 to 65535; PostgreSQL listens on 5432.');
}

function decode(text: string, part: string): string {
  return decodeUrlPart(
    text,
    `The ${part} in the PostgreSQL URL`,
    'Write % as %25, / as %2F, : as %3A, @ as %40 and # as %23.',
  );
}
