import { existsSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { DetentError, misuse } from '@detent/core';
import type { PgClient, RawClient, ServerMessage } from './driver.ts';
import { completeAddress } from './environment.ts';
import { connectFailed } from './errors.ts';
import { failureFrom } from './failure.ts';
import type { CheckedOptions } from './options.ts';
import { passwordFromFile } from './password-file.ts';
import { isAboutSsl, sslModeFor, sslOf, sslWays, type Ssl } from './ssl.ts';
import type { Address } from './url.ts';
import type { Wire } from './wire.ts';
import { pgWire } from './wire-pg.ts';

export interface ConnectOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Where and as whom, complete. The password is a function so that no printed object shows it. */
interface Endpoint {
  readonly host: string;
  readonly port: number;
  readonly user: string;
  readonly database: string;
  readonly applicationName: string;
}

/** The connection that the session works on. Throws `CONNECTION`, and `CONFIG` where the driver is not installed. */
export async function connect(checked: CheckedOptions, options: ConnectOptions): Promise<Wire> {
  const { origin } = checked;
  switch (origin.kind) {
    case 'address':
      return connectTo(checked, origin.address, options);
    case 'pool': {
      const client = await patiently(origin.pool, options, shownTarget(checked));
      return borrowed(client, async (dirty) => client.release(dirty));
    }
    case 'client':
      return borrowed(origin.client, async () => undefined);
    case 'pglite':
      await origin.database.waitReady;
      return (await import('./wire-pglite.ts')).pgliteWire(origin.database);
  }
}

/** Fit for people: no password and no parameters. */
export function shownTarget(checked: CheckedOptions): string {
  const { origin } = checked;
  switch (origin.kind) {
    case 'address': {
      const { host, port, user, database } = endpointOf(checked, origin.address);
      return host.startsWith('/')
        ? `postgres://${user}@/${database} by the socket in ${host}`
        : `postgres://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
    }
    case 'pool':
      return 'a pool of pg';
    case 'client':
      return 'an open client of pg';
    case 'pglite':
      return 'a PGlite database';
  }
}

async function connectTo(checked: CheckedOptions, given: Address, options: ConnectOptions): Promise<Wire> {
  const { env } = process;
  const endpoint = endpointOf(checked, given);
  const address = completeAddress({ ...given, host: endpoint.host }, env);
  const asked = checked.given.password ?? address.password;
  const filed = asked === undefined ? await passwordFromFile(endpoint, env) : null;
  const password = asked ?? (filed?.kind === 'found' ? filed.password : undefined);
  const isBound = address.channelBinding === 'require';
  const ways = sslWays(sslModeFor(checked.ssl, address), endpoint.host).filter(
    ({ kind }) => !isBound || kind !== 'plain',
  );
  for (const [index, way] of ways.entries()) {
    const ssl = await sslOf(way, endpoint.host, address, env);
    try {
      return await openClient(endpoint, { password, ssl, isBound }, options);
    } catch (error) {
      if (error instanceof DetentError) throw error;
      const failure = failureFrom(error);
      if (index < ways.length - 1 && isAboutSsl(failure.message)) continue;
      throw connectFailed(
        failure,
        shownTarget(checked),
        options.signal,
        error,
        filed?.kind === 'ignored' ? filed.why : null,
      );
    }
  }
  throw misuse('Channel binding needs encryption.', "Set sslmode to 'require' or more, or leave channel_binding out.");
}

/** Where Debian and others put the socket of their server. */
const SOCKETS = '/var/run/postgresql';

export function endpointOf(checked: CheckedOptions, given: Address): Endpoint {
  const { socket } = checked.given;
  const address = completeAddress({ ...given, ...(socket === undefined ? {} : { host: socket }) }, process.env);
  const { user = systemUser(), port = 5432 } = address;
  const usual = existsSync(join(SOCKETS, `.s.PGSQL.${port}`)) ? SOCKETS : 'localhost';
  return {
    host: address.host ?? usual,
    port,
    user,
    database: address.database ?? user,
    applicationName: checked.given.applicationName ?? address.applicationName ?? 'detent',
  };
}

interface Proof {
  readonly password: string | (() => string | Promise<string>) | undefined;
  readonly ssl: Ssl;
  /** Only a proof that holds for this very connection is given. */
  readonly isBound: boolean;
}

async function openClient(
  { host, port, user, database, applicationName }: Endpoint,
  { password, ssl, isBound }: Proof,
  { timeoutMs, signal }: ConnectOptions,
): Promise<Wire> {
  const Client = await loadClient();
  const client = new Client({
    host,
    port,
    user,
    database,
    // Without this pg would look into the file by itself, and complain that it has to.
    password: password ?? missing,
    ssl,
    ...(ssl === false ? { sslnegotiation: 'postgres' } : {}),
    enableChannelBinding: isBound,
    application_name: applicationName,
    connectionTimeoutMillis: timeoutMs,
    keepAlive: true,
    keepAliveInitialDelayMillis: 10_000,
  });
  let serverVersion: string | null = null;
  const onParameter = ({ parameterName, parameterValue }: ServerMessage): void => {
    if (parameterName === 'server_version') serverVersion = parameterValue ?? null;
  };
  client.connection.on('parameterStatus', onParameter);
  client.on('error', () => undefined);
  const bound = isBound ? insistOnBinding(client) : null;
  const stop = (): void => void client.connection.stream.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    signal?.throwIfAborted();
    await client.connect();
    bound?.check();
  } catch (error) {
    stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
    client.connection.off('parameterStatus', onParameter);
  }
  return pgWire({
    client,
    serverVersion,
    status: 'I',
    async release(dirty) {
      if (dirty) client.connection.stream.destroy();
      else await client.end();
    },
  });
}

function missing(): never {
  throw new Error('the server asks for a password, and no password was given');
}

/** Ends the connection before a password goes to a server that cannot prove that it is the one behind the encryption. */
function insistOnBinding(client: RawClient): { check(): void } {
  const unbound = new Error('the server offers no channel binding');
  const refuse = (): void => void client.connection.stream.destroy(unbound);
  let isOffered = false;
  if (Reflect.get(client, 'enableChannelBinding') !== true)
    throw misuse('This version of pg knows no channel binding.', 'Run `npm install pg@latest`.');
  client.connection.on('authenticationSASL', ({ mechanisms }) => {
    isOffered = mechanisms?.includes('SCRAM-SHA-256-PLUS') === true;
    if (!isOffered) refuse();
  });
  client.connection.on('authenticationCleartextPassword', refuse);
  client.connection.on('authenticationMD5Password', refuse);
  return {
    check() {
      if (!isOffered) throw unbound;
    },
  };
}

/** A user's own client, which must be idle. */
async function borrowed(given: PgClient, release: (dirty: boolean) => Promise<void>): Promise<Wire> {
  const client = given as RawClient;
  if (typeof client.connection?.on !== 'function' || typeof client.processID !== 'number') {
    throw misuse(
      'This client of pg is not connected, or is one of pg-native.',
      'Pass a `pg.Client` after `await client.connect()`, or pass `url`.',
    );
  }
  const wire = pgWire({ client, serverVersion: null, status: 'I', release });
  await wire.run('');
  if (wire.status === 'I') return wire;
  await wire.close(false);
  throw misuse('The client is in the middle of a transaction.', 'End it before Detent runs.');
}

/** One that comes too late goes back at once. */
async function patiently<Client extends { release(): void }>(
  pool: { connect(): Promise<Client> },
  { timeoutMs }: ConnectOptions,
  target: string,
): Promise<Client> {
  let timer: NodeJS.Timeout | undefined;
  const client = pool.connect();
  const late = new Promise<never>((_, reject) => {
    if (timeoutMs > 0) timer = setTimeout(() => reject(new Error('no client was free in time')), timeoutMs);
  });
  try {
    return await Promise.race([client, late]);
  } catch (error) {
    void client.then(
      (unused) => unused.release(),
      () => undefined,
    );
    throw connectFailed(failureFrom(error), target, undefined, error);
  } finally {
    clearTimeout(timer);
  }
}

type ClientClass = new (config: Readonly<Record<string, unknown>>) => RawClient;

/** The client without the rest of pg, whose loading would take as long as reading many migrations. */
async function loadClient(): Promise<ClientClass> {
  try {
    // @ts-expect-error: the types of pg say nothing of this file.
    const module = (await import('pg/lib/client.js')) as { readonly default: ClientClass };
    return module.default;
  } catch (cause) {
    const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
    // A few versions give themselves only as a whole.
    if (code === 'ERR_PACKAGE_PATH_NOT_EXPORTED') return (await import('pg')).default.Client as unknown as ClientClass;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw misuse('pg is not installed.', 'Run `npm install pg`, or pass `pglite`.');
  }
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'postgres';
  }
}
