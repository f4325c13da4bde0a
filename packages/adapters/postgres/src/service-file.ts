import { readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { didYouMean, misuse } from '@detent/core';
import type { Variables } from './environment.ts';
import { channelBindingOf, oneHost, portOf, sslModeOf, type Address } from './url.ts';

type Reader = (value: string, name: string) => Address;

const READERS: Readonly<Record<string, Reader>> = {
  host: (host, name) => ({ host: oneHost(host, name) }),
  port: (port, name) => ({ port: portOf(port, name) }),
  dbname: (database) => ({ database }),
  user: (user) => ({ user }),
  password: (password) => ({ password }),
  sslmode: (mode, name) => ({ sslMode: sslModeOf(mode, name) }),
  sslrootcert: (sslRootCert) => ({ sslRootCert }),
  sslcert: (sslCert) => ({ sslCert }),
  sslkey: (sslKey) => ({ sslKey }),
  channel_binding: (binding, name) => ({ channelBinding: channelBindingOf(binding, name) }),
  application_name: (applicationName) => ({ applicationName }),
};

/**
 * A section of the connection service file: `PGSERVICEFILE` or `~/.pg_service.conf`, then `pg_service.conf` in
 * `PGSYSCONFDIR`. Throws `CONFIG`, never showing a value.
 */
export function readService(service: string, variables: Variables): Address {
  const { PGSERVICEFILE, PGSYSCONFDIR } = variables;
  const own = PGSERVICEFILE ?? join(variables['HOME'] ?? homedir(), '.pg_service.conf');
  const files = [own, ...(PGSYSCONFDIR === undefined ? [] : [join(PGSYSCONFDIR, 'pg_service.conf')])];
  for (const file of files) {
    const lines = sectionOf(textOf(file), service);
    if (lines !== null)
      return Object.assign({}, ...lines.map((line) => readLine(line, `${file}, [${service}]`))) as Address;
  }
  throw misuse(`There is no service [${service}] in ${files.join(' or ')}.`, 'Correct PGSERVICE or PGSERVICEFILE.');
}

function textOf(file: string): string {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return '';
  }
}

/** `null` where there is none of that name. */
function sectionOf(text: string, name: string): readonly string[] | null {
  const lines = text.split(/\r?\n/).map((line) => line.trim());
  const at = lines.indexOf(`[${name}]`);
  if (at === -1) return null;
  const rest = lines.slice(at + 1);
  const end = rest.findIndex((line) => line.startsWith('['));
  return rest.slice(0, end === -1 ? undefined : end).filter((line) => line !== '' && !line.startsWith('#'));
}

function readLine(line: string, place: string): Address {
  const [, key = '', value = ''] = /^(\w+)=(.*)$/.exec(line) ?? [];
  const reader = READERS[key];
  if (reader !== undefined) return reader(value, `${key} in ${place}`);
  const known = Object.keys(READERS);
  throw misuse(
    key === ''
      ? `A line of ${place} is not "key=value".`
      : `${place} sets "${key}"${didYouMean(key, known) || ', which is not known here.'}`,
    `Known: ${known.join(', ')}.`,
  );
}
