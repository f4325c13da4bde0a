import { endpointOf } from './connect.ts';
import { completeAddress } from './environment.ts';
import type { CheckedOptions } from './options.ts';
import { passwordFromFile } from './password-file.ts';
import { sslModeFor } from './ssl.ts';

/** How others come to the server of a session; only where its address is known. */
export interface Ways {
  /** What programs on libpq find in their environment. Asked anew each time, for passwords that expire. */
  libpq(): Promise<Readonly<Record<string, string>>>;
}

/** `null` where the connection is a user's own. */
export function waysOf(checked: CheckedOptions, connectTimeoutMs: number): Ways | null {
  const { origin, given } = checked;
  if (origin.kind !== 'address') return null;
  const { address: own } = origin;
  return {
    async libpq() {
      const endpoint = endpointOf(checked, own);
      const { host, port, user, database, applicationName } = endpoint;
      const address = completeAddress({ ...own, host }, process.env);
      const { sslRootCert, sslCert, sslKey, channelBinding } = address;
      const secret = given.password ?? address.password;
      const filed = secret === undefined ? await passwordFromFile(endpoint, process.env) : null;
      const password =
        typeof secret === 'function'
          ? await secret()
          : (secret ?? (filed?.kind === 'found' ? filed.password : undefined));
      const mode = sslModeFor(checked.ssl, address) ?? 'prefer';
      return {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGDATABASE: database,
        PGAPPNAME: applicationName,
        PGCLIENTENCODING: 'UTF8',
        PGCONNECT_TIMEOUT: String(Math.ceil(connectTimeoutMs / 1000)),
        ...(typeof mode === 'string' ? { PGSSLMODE: mode === 'no-verify' ? 'require' : mode } : {}),
        ...(sslRootCert === undefined ? {} : { PGSSLROOTCERT: sslRootCert }),
        ...(sslCert === undefined ? {} : { PGSSLCERT: sslCert }),
        ...(sslKey === undefined ? {} : { PGSSLKEY: sslKey }),
        ...(channelBinding === undefined ? {} : { PGCHANNELBINDING: channelBinding }),
        ...(password === undefined ? {} : { PGPASSWORD: password }),
      };
    },
  };
}
