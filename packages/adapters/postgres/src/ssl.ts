import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import type { ConnectionOptions, PeerCertificate } from 'node:tls';
import { DetentError, misuse } from '@detent/core';
import type { Variables } from './environment.ts';
import { SYSTEM, type Address, type SslMode } from './url.ts';

/** What `pg` takes: options of TLS, or false for none. */
export type Ssl = ConnectionOptions | false;

/** What the server's certificate has to be. */
type Check = 'anything' | 'of the authority, where there is one' | 'of the authority' | 'for the host';

/** A way to try. */
export type SslWay =
  | { readonly kind: 'plain' }
  | { readonly kind: 'encrypted'; readonly check: Check }
  | { readonly kind: 'given'; readonly options: ConnectionOptions };

/** The ways to try, in order. The second is for a server that cannot do the first, as in libpq. */
export function sslWays(mode: SslMode | ConnectionOptions | null, host: string): readonly SslWay[] {
  const plain: SslWay = { kind: 'plain' };
  // A socket of this machine is not encrypted, whatever is asked for.
  if (host.startsWith('/')) return [plain];
  if (typeof mode === 'object' && mode !== null) return [{ kind: 'given', options: mode }];
  const encrypted = (check: Check): SslWay => ({ kind: 'encrypted', check });
  switch (mode ?? 'prefer') {
    case 'disable':
      return [plain];
    case 'allow':
      return [plain, encrypted('anything')];
    case 'prefer':
      // To this machine itself encryption is tried second: it guards nothing and costs a connection.
      return isLoopback(host) ? [plain, encrypted('anything')] : [encrypted('anything'), plain];
    case 'require':
      return [encrypted('of the authority, where there is one')];
    case 'no-verify':
      return [encrypted('anything')];
    case 'verify-ca':
      return [encrypted('of the authority')];
    case 'verify-full':
      return [encrypted('for the host')];
  }
}

/** Public authorities vouch for hosts and for nothing else. `null`: nobody said. Throws `CONFIG` where less is asked for. */
export function sslModeFor(
  given: SslMode | ConnectionOptions | null,
  { sslMode, sslRootCert }: Address,
): SslMode | ConnectionOptions | null {
  const mode = given ?? sslMode ?? null;
  if (sslRootCert !== SYSTEM || typeof mode === 'object')
    return mode ?? (sslRootCert === SYSTEM ? 'verify-full' : null);
  if (mode === 'verify-full' || mode === 'disable') return mode;
  throw misuse(`sslrootcert=system does not go with sslmode=${mode}.`, 'Take verify-full, or leave sslmode out.');
}

/** Reads the files that a way needs. Throws `CONFIG` where one that is named cannot be read. */
export async function sslOf(way: SslWay, host: string, address: Address, variables: Variables): Promise<Ssl> {
  if (way.kind === 'plain') return false;
  // It reads every authority that Node knows, which takes half as long as all else that a start loads.
  const { checkServerIdentity } = await import('node:tls');
  // Older versions of pg check the certificate for an address against the name "localhost".
  const identity = {
    checkServerIdentity: (_: string, certificate: PeerCertificate) => checkServerIdentity(host, certificate),
  };
  switch (way.kind) {
    case 'given':
      return { ...(way.options.servername === undefined ? identity : {}), ...way.options };
    case 'encrypted': {
      const { check } = way;
      const [cert, key] = await Promise.all([
        fileOf(address.sslCert, 'PGSSLCERT', 'postgresql.crt', variables),
        fileOf(address.sslKey, 'PGSSLKEY', 'postgresql.key', variables),
      ]);
      const own = cert === null || key === null ? {} : { cert, key };
      const isSystem = address.sslRootCert === SYSTEM;
      const ca =
        check === 'anything' || isSystem
          ? null
          : await fileOf(address.sslRootCert, 'PGSSLROOTCERT', 'root.crt', variables);
      if (check === 'anything' || (check === 'of the authority, where there is one' && ca === null && !isSystem))
        return { ...own, rejectUnauthorized: false };
      if (check !== 'for the host' && ca === null)
        throw misuse(
          'Any certificate of a public authority would do for this sslmode.',
          'Name your own authority by PGSSLROOTCERT or ssl: { ca }, or take verify-full.',
        );
      return {
        ...own,
        ...(ca === null ? {} : { ca }),
        rejectUnauthorized: true,
        ...(check === 'for the host' ? identity : { checkServerIdentity: () => undefined }),
      };
    }
  }
}

/** The same for programs on libpq, as their variables. Of options of TLS they can be told nothing. */
export async function sslVariables(
  mode: SslMode | ConnectionOptions | null,
  { sslRootCert, sslCert, sslKey }: Address,
  variables: Variables,
): Promise<Readonly<Record<string, string>>> {
  if (typeof mode === 'object' && mode !== null) return {};
  const own = {
    ...(sslCert === undefined ? {} : { PGSSLCERT: sslCert }),
    ...(sslKey === undefined ? {} : { PGSSLKEY: sslKey }),
  };
  // With a file that is there, `require` would check.
  if (mode === 'no-verify')
    return { ...own, PGSSLMODE: 'require', PGSSLROOTCERT: join(usualFolder(variables), 'none') };
  const isPublic =
    mode === 'verify-full' &&
    sslRootCert === undefined &&
    (await fileOf(undefined, 'PGSSLROOTCERT', 'root.crt', variables)) === null;
  const root = isPublic ? SYSTEM : sslRootCert;
  return { ...own, PGSSLMODE: mode ?? 'prefer', ...(root === undefined ? {} : { PGSSLROOTCERT: root }) };
}

/** Whether an attempt failed only for the want of encryption, or because of it. */
export function isAboutSsl(message: string): boolean {
  return /does not support SSL|no encryption|SSL off|SSL connection is required|establishing an SSL/i.test(message);
}

/** `null` where none is named, and psql's own is not there. */
async function fileOf(
  named: string | undefined,
  variable: string,
  usual: string,
  variables: Variables,
): Promise<string | null> {
  const file = named ?? join(usualFolder(variables), usual);
  try {
    return readFileSync(file, 'utf8');
  } catch (cause) {
    if (named === undefined) return null;
    throw new DetentError('CONFIG', `The file ${file} of ${variable} cannot be read.`, {
      hint: `Correct ${variable}, or unset it.`,
      cause,
    });
  }
}

function usualFolder(variables: Variables): string {
  return process.platform === 'win32'
    ? join(variables['APPDATA'] ?? '', 'postgresql')
    : join(variables['HOME'] ?? homedir(), '.postgresql');
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.');
}
