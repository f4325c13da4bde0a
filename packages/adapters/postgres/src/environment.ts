import { misuse } from '@detent/core';
import { readService } from './service-file.ts';
import { channelBindingOf, oneHost, portOf, sslModeOf, type Address } from './url.ts';

export type Variables = Readonly<Record<string, string | undefined>>;

/** What ask for more than is done here; harmless with the values beside them. */
const NOT_DONE: Readonly<Record<string, readonly string[]>> = {
  PGREQUIREAUTH: [],
  PGREQUIREPEER: [],
  PGSSLCRL: [],
  PGSSLCRLDIR: [],
  PGSSLMINPROTOCOLVERSION: ['TLSv1', 'TLSv1.1', 'TLSv1.2'],
  PGGSSENCMODE: ['disable', 'prefer'],
  PGTARGETSESSIONATTRS: ['any', 'read-write', 'primary'],
};

/**
 * The variables that psql and every other client know, and the service that `PGSERVICE` names, which goes before them. Those
 * that are not set say nothing. Throws `CONFIG`, also for those that ask for more than is done here.
 */
export function addressFromEnvironment(variables: Variables): Address {
  for (const [name, harmless] of Object.entries(NOT_DONE)) {
    const value = variables[name];
    if (!isSet(value) || harmless.includes(value)) continue;
    throw misuse(
      `${name} asks for something that Detent does not do.`,
      harmless.length === 0 ? 'Unset it for this command.' : `Unset it, or set it to ${harmless.join(' or ')}.`,
    );
  }
  const { PGHOST, PGPORT, PGUSER, PGPASSWORD, PGDATABASE, PGSSLMODE, PGAPPNAME, PGSERVICE } = variables;
  const { PGSSLROOTCERT, PGSSLCERT, PGSSLKEY, PGCHANNELBINDING } = variables;
  return {
    ...(isSet(PGHOST) ? { host: oneHost(PGHOST, 'PGHOST') } : {}),
    ...(isSet(PGPORT) ? { port: portOf(PGPORT, 'PGPORT') } : {}),
    ...(isSet(PGUSER) ? { user: PGUSER } : {}),
    ...(isSet(PGPASSWORD) ? { password: PGPASSWORD } : {}),
    ...(isSet(PGDATABASE) ? { database: PGDATABASE } : {}),
    ...(isSet(PGSSLMODE) ? { sslMode: sslModeOf(PGSSLMODE, 'PGSSLMODE') } : {}),
    ...(isSet(PGSSLROOTCERT) ? { sslRootCert: PGSSLROOTCERT } : {}),
    ...(isSet(PGSSLCERT) ? { sslCert: PGSSLCERT } : {}),
    ...(isSet(PGSSLKEY) ? { sslKey: PGSSLKEY } : {}),
    ...(isSet(PGCHANNELBINDING) ? { channelBinding: channelBindingOf(PGCHANNELBINDING, 'PGCHANNELBINDING') } : {}),
    ...(isSet(PGAPPNAME) ? { applicationName: PGAPPNAME } : {}),
    ...(isSet(PGSERVICE) ? readService(PGSERVICE, variables) : {}),
  };
}

/** What was given, with the rest from the environment. Throws `CONFIG`. */
export function completeAddress(given: Address, variables: Variables): Address {
  if (given.host === undefined && isSet(variables['PGHOSTADDR']))
    throw misuse('PGHOSTADDR is not read here.', 'Write the address into PGHOST, and unset it.');
  return { ...addressFromEnvironment(variables), ...given };
}

function isSet(value: string | undefined): value is string {
  return value !== undefined && value !== '';
}
