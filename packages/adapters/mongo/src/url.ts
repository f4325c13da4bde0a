import { decodeUrlPart, didYouMean, misuse, splitOnce } from '@detent/core';

/** Where a deployment is and who comes, as far as a URL says. */
export interface Address {
  /** `mongodb+srv`: the hosts are looked up in DNS. */
  readonly scheme: 'mongodb' | 'mongodb+srv';
  /** `host` or `host:port`, as written. */
  readonly hosts: readonly string[];
  readonly user?: string;
  readonly password?: string;
  readonly database?: string;
  readonly parameters: Parameters;
}

export interface Parameters {
  readonly replicaSet?: string;
  readonly authSource?: string;
  readonly authMechanism?: string;
  readonly tls?: boolean;
  readonly directConnection?: boolean;
  readonly loadBalanced?: boolean;
}

const TEXTS = ['replicaSet', 'authSource', 'authMechanism'] as const;
const FLAGS = ['tls', 'directConnection', 'loadBalanced'] as const;
const KNOWN: readonly string[] = [...TEXTS, ...FLAGS];

/** What only repeats what Detent does anyway. */
const MEANT: Readonly<Record<string, string>> = { w: 'majority', retryWrites: 'true', retryReads: 'true', ssl: 'true' };
const MECHANISMS = ['SCRAM-SHA-1', 'SCRAM-SHA-256', 'MONGODB-X509', 'PLAIN'];

/** What people write into URLs for other programs, and what there is here in its place. */
const ELSEWHERE: Readonly<Record<string, string>> = {
  w: 'Leave it out: Detent writes with majority.',
  readPreference: 'Leave it out: migrations belong to the primary.',
  readConcernLevel: 'Leave it out: Detent reads what a majority has.',
  retryWrites: 'Leave it out.',
  appName: 'Leave it out: Detent names its connections, to find them again.',
  tlsCAFile: 'Pass the certificate itself: tls: { ca }.',
  tlsCertificateKeyFile: 'Pass the certificate itself: tls: { cert, key }.',
  tlsInsecure: 'Pass tls: { rejectUnauthorized: false } when that is meant.',
  tlsAllowInvalidCertificates: 'Pass tls: { rejectUnauthorized: false } when that is meant.',
  proxyHost: 'Pass a client of your own: mongo({ client }).',
  serverSelectionTimeoutMS: 'Use timeouts.connectMs of the executor.',
  connectTimeoutMS: 'Use timeouts.connectMs of the executor.',
  socketTimeoutMS: 'Leave it out.',
};

/**
 * Reads `mongodb://user:password@host:port,host/database?replicaSet=…`. Parameters come from the list above, and the
 * driver gets what was read and never the URL: its own `proxyHost=` or `tlsCAFile=` would go past every check made here.
 * Throws `CONFIG`, never showing the URL.
 */
export function parseUrl(url: string): Address {
  const scheme = /^([a-z][a-z0-9+.-]*):\/\//i.exec(url)?.[1]?.toLowerCase();
  if (scheme !== 'mongodb' && scheme !== 'mongodb+srv') {
    throw misuse(
      scheme === undefined ? 'The MongoDB URL has no scheme.' : `"${scheme}:" is not a URL of MongoDB.`,
      'Write mongodb://user:password@host:27017/database.',
    );
  }
  if (/\p{Cc}/u.test(url))
    throw misuse('The MongoDB URL holds a control character.', 'Write it anew, without what was pasted along.');
  const [beforeQuery, query = ''] = splitOnce(url.slice(scheme.length + 3), '?');
  const [authority, path = ''] = splitOnce(beforeQuery, '/');
  const at = authority.lastIndexOf('@');
  const [user, password] = splitOnce(authority.slice(0, Math.max(at, 0)), ':');
  const hosts = authority.slice(at + 1).split(',');
  for (const host of hosts) checkHost(host);
  if (scheme === 'mongodb+srv' && (hosts.length > 1 || hosts[0]?.includes(':') === true))
    throw misuse('A mongodb+srv URL has one host and no port.', 'DNS says which servers and ports belong to it.');
  const database = decode(path, 'database');
  return {
    scheme,
    hosts,
    ...(user === '' ? {} : { user: decode(user, 'user') }),
    ...(password === undefined ? {} : { password: decode(password, 'password') }),
    ...(database === '' ? {} : { database: databaseName(database, 'The database of the MongoDB URL') }),
    parameters: parametersOf(query),
  };
}

/** Throws `CONFIG` for what MongoDB does not take as the name of a database. */
export function databaseName(name: string, what: string): string {
  const isPossible = name !== '' && Buffer.byteLength(name) < 64 && !/[/\\. "$*<>:|?\0]/.test(name);
  if (isPossible) return name;
  throw misuse(`${what} cannot be the name of a database.`, 'A name has 1 to 63 bytes, without / \\ . " $ or spaces.');
}

function checkHost(host: string): void {
  const [, bracketed, plain = '', port] = /^(?:\[([^\]]*)\]|([^:]*))(?::(\d*))?$/.exec(host) ?? [];
  const name = bracketed ?? plain;
  if (name === '' || /[/%@\s]/.test(name)) {
    throw misuse(
      'A host of the MongoDB URL is not a host.',
      'Percent-encode special characters in the password; Unix sockets are not taken.',
    );
  }
  if (port !== undefined && !(/^\d{1,5}$/.test(port) && Number(port) >= 1 && Number(port) <= 65_535))
    throw misuse(
      'A port of the MongoDB URL is not a port.',
      'It is a number from 1 to 65535; mongod listens on 27017.',
    );
}

function parametersOf(query: string): Parameters {
  const found: Record<string, string | boolean> = {};
  for (const [name, value] of new URLSearchParams(query)) {
    if (TEXTS.some((known) => known === name)) found[name] = value;
    else if (FLAGS.some((known) => known === name)) found[name] = flagOf(name, value);
    else if (MEANT[name] !== value)
      throw misuse(
        `A MongoDB URL has no parameter "${name}" here${didYouMean(name, KNOWN) || '.'}`,
        ELSEWHERE[name] ?? `Known: ${KNOWN.join(', ')}.`,
      );
    else if (name === 'ssl') found['tls'] = true;
  }
  const mechanism = found['authMechanism'];
  if (mechanism !== undefined && !MECHANISMS.some((known) => known === mechanism)) {
    throw misuse(
      `authMechanism cannot be "${String(mechanism)}".`,
      `It is one of ${MECHANISMS.join(', ')}; for others pass a client of your own: mongo({ client }).`,
    );
  }
  return found;
}

function flagOf(name: string, value: string): boolean {
  if (value === 'true' || value === 'false') return value === 'true';
  throw misuse(`${name} cannot be "${value}".`, 'It is true or false.');
}

function decode(text: string, part: string): string {
  return decodeUrlPart(text, `The ${part} in the MongoDB URL`, 'Write % as %25, / as %2F, : as %3A and @ as %40.');
}
