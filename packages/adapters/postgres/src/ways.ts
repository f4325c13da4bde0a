import { connect, endpointOf } from './connect.ts';
import { completeAddress } from './environment.ts';
import type { CheckedOptions } from './options.ts';
import { passwordFromFile } from './password-file.ts';
import { sslModeFor, sslVariables } from './ssl.ts';
import type { Wire } from './wire.ts';

/** How others come to the server of a session; only where its address is known. */
export interface Ways {
  /** What programs on libpq find in their environment. Asked anew each time, for passwords that expire. */
  libpq(): Promise<Readonly<Record<string, string>>>;
  /** Connects to another database of the same server. */
  to(database: string): Promise<Wire>;
}

/** `null` where the connection is a user's own. */
export function waysOf(checked: CheckedOptions, connectTimeoutMs: number): Ways | null {
  const { origin, given } = checked;
  if (origin.kind !== 'address') return null;
  const { address: own } = origin;
  return {
    to: (database) =>
      connect(
        { ...checked, origin: { kind: 'address', address: { ...own, database } } },
        { timeoutMs: connectTimeoutMs },
      ),

    async libpq() {
      const endpoint = endpointOf(checked, own);
      const { host, port, user, database, applicationName } = endpoint;
      const address = completeAddress({ ...own, host }, process.env);
      const { channelBinding } = address;
      const { PGOPTIONS } = process.env;
      const secret = given.password ?? address.password;
      const filed = secret === undefined ? await passwordFromFile(endpoint, process.env) : null;
      const password =
        typeof secret === 'function'
          ? await secret()
          : (secret ?? (filed?.kind === 'found' ? filed.password : undefined));
      return {
        PGHOST: host,
        PGPORT: String(port),
        PGUSER: user,
        PGDATABASE: database,
        PGAPPNAME: applicationName,
        PGCLIENTENCODING: 'UTF8',
        ...(PGOPTIONS === undefined ? {} : { PGOPTIONS }),
        PGCONNECT_TIMEOUT: String(Math.ceil(connectTimeoutMs / 1000)),
        ...(await sslVariables(sslModeFor(checked.ssl, address), address, process.env)),
        ...(channelBinding === undefined ? {} : { PGCHANNELBINDING: channelBinding }),
        ...(password === undefined ? {} : { PGPASSWORD: password }),
      };
    },
  };
}
