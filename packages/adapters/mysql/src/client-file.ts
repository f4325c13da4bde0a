import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { getCACertificates, type ConnectionOptions } from 'node:tls';
import type { Endpoint } from './connect.ts';
import type { Greeting } from './greeting.ts';
import { TLS_FILES } from './options.ts';
import type { TlsMode } from './url.ts';

/** A file of options that leads a client program to the server. It is gone when it is disposed of. */
export interface ClientFile extends AsyncDisposable {
  /** The first of the program's arguments. */
  readonly argument: string;
  readonly environment: Readonly<Record<string, string>>;
  /** What the program said, without the password. */
  masked(words: string): string;
}

export interface ClientFileSettings {
  readonly product: Greeting['product'];
  readonly place: Endpoint['place'];
  readonly user: string;
  readonly password: string | undefined;
  readonly tls: TlsMode | ConnectionOptions;
}

/**
 * Writes it into a folder of its own, for this user alone. The program reads nothing else: not the files of options of this
 * machine, nor those of its user.
 */
export async function writeClientFile(settings: ClientFileSettings): Promise<ClientFile> {
  const folder = await mkdtemp(join(tmpdir(), 'detent-client-'));
  const dispose = (): Promise<void> => rm(folder, { recursive: true, force: true });
  try {
    const { place, user, password } = settings;
    const path = join(folder, 'client.cnf');
    const options = {
      ...('host' in place
        ? { protocol: 'tcp', host: place.host, port: String(place.port) }
        : { protocol: 'socket', socket: place.socketPath }),
      user,
      ...(password === undefined ? {} : { password }),
      ...(await tlsOptions(settings, folder)),
    };
    const lines = Object.entries(options).map(([name, value]) => `${name}=${quoted(value)}`);
    await writeFile(path, `[client]\n${lines.join('\n')}\n`, { mode: 0o600 });
    return {
      argument: `--defaults-file=${path}`,
      // Else MySQL's programs read ~/.mylogin.cnf as well.
      environment: { MYSQL_TEST_LOGIN_FILE: join(folder, 'none') },
      masked: (words) => (password === undefined || password === '' ? words : words.replaceAll(password, '***')),
      [Symbol.asyncDispose]: dispose,
    };
  } catch (error) {
    await dispose();
    throw error;
  }
}

/** As the programs read a value. */
function quoted(value: string): string {
  const escapes: Readonly<Record<string, string>> = { '\\': '\\\\', '"': '\\"', '\n': '\\n', '\r': '\\r', '\t': '\\t' };
  return `"${value.replaceAll(/[\\"\n\r\t]/g, (found) => escapes[found] ?? found)}"`;
}

async function tlsOptions(
  { product, tls }: ClientFileSettings,
  folder: string,
): Promise<Readonly<Record<string, string>>> {
  const given = typeof tls === 'object' ? tls : {};
  const mode = typeof tls === 'string' ? tls : given.rejectUnauthorized === false ? 'required' : 'verify-identity';
  const checks = mode === 'verify-ca' || mode === 'verify-identity';
  // The authorities that Node believes are not those of the program.
  const files = { ...given, ...(checks && given.ca === undefined ? { ca: getCACertificates('default') } : {}) };
  const found: Record<string, string> = {};
  for (const name of TLS_FILES) {
    const pem = files[name];
    if (pem === undefined) continue;
    const file = join(folder, `${name}.pem`);
    await writeFile(file, [pem].flat().map(String).join('\n'), { mode: 0o600 });
    found[`ssl-${name}`] = file;
  }
  return { ...found, ...(product === 'MySQL' ? mysqlMode(mode) : mariadbMode(mode)) };
}

function mysqlMode(mode: TlsMode): Readonly<Record<string, string>> {
  // Without encryption a password goes under the server's public key, as the driver has it too.
  const key = mode === 'disabled' || mode === 'preferred' ? { 'get-server-public-key': '1' } : {};
  return { 'ssl-mode': mode.replace('-', '_').toUpperCase(), ...key };
}

function mariadbMode(mode: TlsMode): Readonly<Record<string, string>> {
  if (mode === 'disabled') return { ssl: '0' };
  return { ssl: '1', 'ssl-verify-server-cert': mode === 'verify-identity' ? '1' : '0' };
}
