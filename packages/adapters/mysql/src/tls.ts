import type { ConnectionOptions } from 'node:tls';
import type { TlsMode } from './url.ts';

/** What mysql2 takes as `ssl`; `null` for no encryption. */
export type Tls = (ConnectionOptions & { readonly verifyIdentity?: boolean }) | null;

/** The ways to try, in order. The second is for a server that cannot do the first. */
export function tlsAttempts(mode: TlsMode | ConnectionOptions | null, host: string): readonly Tls[] {
  if (typeof mode === 'object' && mode !== null) return [{ verifyIdentity: true, ...mode }];
  const unchecked: Tls = { rejectUnauthorized: false };
  switch (mode ?? 'preferred') {
    case 'disabled':
      return [null];
    case 'preferred':
      // To this machine itself encryption is tried second: it guards nothing and costs a connection.
      return isLoopback(host) ? [null, unchecked] : [unchecked, null];
    case 'required':
      return [unchecked];
    case 'verify-ca':
      return [{ rejectUnauthorized: true }];
    case 'verify-identity':
      return [{ rejectUnauthorized: true, verifyIdentity: true }];
  }
}

interface Refusal {
  readonly code: string;
  readonly message: string;
}

/** Whether an attempt failed only for the want of encryption, or because of it. */
export function isAboutTls(refusal: Refusal, attempted: Tls): boolean {
  const { code, message } = refusal;
  return (
    // MariaDB denies access to who comes without encryption where it has to be.
    (code === '1045' && attempted === null) ||
    lacksTls(refusal) ||
    code === 'HANDSHAKE_SSL_ERROR' ||
    code === '3159' ||
    /insecure transport/i.test(message)
  );
}

/** Whether it failed because the server cannot encrypt. */
export function lacksTls({ code, message }: Refusal): boolean {
  return code === 'HANDSHAKE_NO_SSL_SUPPORT' || /does not support secure/i.test(message);
}

function isLoopback(host: string): boolean {
  return host === 'localhost' || host === '::1' || host.startsWith('127.') || host.startsWith('/');
}
