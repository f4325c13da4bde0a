import type { ConnectionOptions } from 'node:tls';
import type { SslMode } from './url.ts';

/** What `pg` takes: options of TLS, or false for none. */
export type Ssl = ConnectionOptions | false;

/** The ways to try, in order. The second is for a server that cannot do the first, as in libpq. */
export function sslAttempts(mode: SslMode | ConnectionOptions | null, host: string): readonly Ssl[] {
  if (typeof mode === 'object' && mode !== null) return [mode];
  const unchecked: Ssl = { rejectUnauthorized: false };
  switch (mode ?? 'prefer') {
    case 'disable':
      return [false];
    case 'allow':
      return [false, unchecked];
    case 'prefer':
      // To this machine itself encryption is tried second: it guards nothing and costs a connection.
      return isLoopback(host) ? [false, unchecked] : [unchecked, false];
    case 'require':
    case 'no-verify':
      return [unchecked];
    case 'verify-ca':
      return [{ rejectUnauthorized: true, checkServerIdentity: () => undefined }];
    case 'verify-full':
      return [{ rejectUnauthorized: true }];
  }
}

/** Whether an attempt failed only for the want of encryption, or because of it. */
export function isAboutSsl(message: string): boolean {
  return /does not support SSL|no encryption|SSL off|SSL connection is required|establishing an SSL/i.test(message);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/');
}
