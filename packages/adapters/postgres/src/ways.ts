import { endpointOf } from './connect.ts';
import type { CheckedOptions } from './options.ts';
import { addressFromEnvironment } from './url.ts';

/** How others come to the server of a session; only where its address is known. */
export interface Ways {
  /** What programs on libpq find in their environment. Asked anew each time, for passwords that expire. */
  libpq(): Promise<Readonly<Record<string, string>>>;
}

/** `null` where the connection is a user's own. */
export function waysOf(checked: CheckedOptions, connectTimeoutMs: number): Ways | null {
  const { origin, given } = checked;
  if (origin.kind !== 'address') return null;
  const { address } = origin;
  return {
    async libpq() {
      const { host, port, user, database, applicationName } = endpointOf(checked, address);
      const environment = addressFromEnvironment(process.env);
      const secret = given.password ?? address.password ?? environment.password;
      const password = typeof secret === 'function' ? await secret() : secret;
      const mode = checked.ssl ?? address.sslMode ?? environment.sslMode ?? 'prefer';
      return {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGDATABASE: database,
        PGAPPNAME: applicationName,
        PGCLIENTENCODING: 'UTF8',
        PGCONNECT_TIMEOUT: String(Math.ceil(connectTimeoutMs / 1000)),
        ...(typeof mode === 'string' ? { PGSSLMODE: mode === 'no-verify' ? 'require' : mode } : {}),
        ...(password === undefined ? {} : { PGPASSWORD: password }),
      };
    },
  };
}
