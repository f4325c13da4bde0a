import { userInfo } from 'node:os';
import type { PeerCertificate } from 'node:tls';
import { DetentError, misuse } from '@detent/core';
import type { CoreConnection } from './driver.ts';
import { connectFailed } from './errors.ts';
import { failureFrom, withoutStatement } from './failure.ts';
import type { CheckedOptions } from './options.ts';
import { isAboutTls, lacksTls, tlsAttempts, type Tls } from './tls.ts';
import type { Address } from './url.ts';
import type { Wire } from './wire.ts';
import { mysql2Wire } from './wire-mysql2.ts';

export interface ConnectOptions {
  readonly timeoutMs: number;
  readonly signal?: AbortSignal | undefined;
}

/** Where and as whom. */
export interface Endpoint {
  readonly place: { readonly host: string; readonly port: number } | { readonly socketPath: string };
  readonly user: string;
  readonly database: string | undefined;
}

/** The connection that the session works on. Throws `CONNECTION`, and `CONFIG` where the driver is not installed. */
export async function connect(checked: CheckedOptions, options: ConnectOptions): Promise<Wire> {
  const { origin } = checked;
  switch (origin.kind) {
    case 'address':
      return connectTo(checked, origin.address, options);
    case 'pool': {
      const given = await patiently(() => connectionOf(origin.pool), options, shownTarget(checked));
      const core = coreOf(given);
      // What was set for Detent stays with the session, so that nobody else should get it.
      return borrowed(given, core, async (dirty) => (dirty ? core.destroy() : core.release?.()));
    }
    case 'connection':
      return borrowed(origin.connection, coreOf(origin.connection), async () => undefined);
  }
}

/** Fit for people: no password and no parameters. */
export function shownTarget(checked: CheckedOptions): string {
  const { origin } = checked;
  switch (origin.kind) {
    case 'address': {
      const { place, user, database = '' } = endpointOf(checked, origin.address);
      if ('socketPath' in place) return `mysql://${user}@/${database} by the socket ${place.socketPath}`;
      const { host, port } = place;
      return `mysql://${user}@${host.includes(':') ? `[${host}]` : host}:${port}/${database}`;
    }
    case 'pool':
      return 'a pool of mysql2';
    case 'connection':
      return 'an open connection of mysql2';
  }
}

async function connectTo(checked: CheckedOptions, address: Address, options: ConnectOptions): Promise<Wire> {
  const endpoint = endpointOf(checked, address);
  const host = 'host' in endpoint.place ? endpoint.place.host : '/';
  const attempts = tlsAttempts(checked.tls ?? address.tlsMode ?? null, host);
  let first: unknown;
  for (const [index, tls] of attempts.entries()) {
    try {
      return await openConnection(endpoint, await passwordFor(checked, address), tls, options);
    } catch (error) {
      if (error instanceof DetentError) throw error;
      const failure = failureFrom(error);
      first ??= error;
      if (index < attempts.length - 1 && isAboutTls(failure, tls)) continue;
      // A server without encryption has said before why it lets nobody in without.
      const cause = lacksTls(failure) ? first : error;
      throw connectFailed(failureFrom(cause), shownTarget(checked), options.signal, withoutStatement(cause));
    }
  }
  throw new DetentError('INTERNAL', 'There was no way to connect to try.');
}

/** Asked anew each time, for passwords that expire. */
export async function passwordFor({ given }: CheckedOptions, address: Address): Promise<string | undefined> {
  const { password = address.password } = given;
  return typeof password === 'function' ? password() : password;
}

export function endpointOf({ given }: CheckedOptions, { host, port, user, database }: Address): Endpoint {
  const { socket } = given;
  return {
    place: socket === undefined ? { host: host ?? 'localhost', port: port ?? 3306 } : { socketPath: socket },
    user: user ?? systemUser(),
    database,
  };
}

async function openConnection(
  { place, user, database }: Endpoint,
  password: string | undefined,
  tls: Tls,
  { timeoutMs, signal }: ConnectOptions,
): Promise<Wire> {
  const mysql2 = await loadMysql2();
  const number = tls === null ? null : await numberToVerify(place, tls);
  signal?.throwIfAborted();
  const core = mysql2.createConnection({
    ...place,
    user,
    ...(password === undefined ? {} : { password }),
    ...(database === undefined ? {} : { database }),
    ...(tls === null ? {} : { ssl: number === null ? tls : { ...tls, verifyIdentity: false } }),
    connectTimeout: timeoutMs === 0 ? undefined : timeoutMs,
    // Detent's own statements go several in one message; those of migrations one by one.
    multipleStatements: true,
    charset: 'UTF8MB4_GENERAL_CI',
    // What a Date is in the session's own zone, UTC.
    timezone: 'Z',
    supportBigNumbers: true,
    enableKeepAlive: true,
    keepAliveInitialDelay: 10_000,
    // The driver makes the room for them at once: half a megabyte unless told.
    maxPreparedStatements: 256,
    connectAttributes: { program_name: 'detent' },
  });
  const stop = (): void => core.destroy();
  signal?.addEventListener('abort', stop, { once: true });
  try {
    await new Promise<void>((resolve, reject) => {
      core.on('connect', resolve);
      core.on('error', reject);
      core.on('end', () => reject(new Error('The server closed the connection.')));
      signal?.addEventListener('abort', () => reject(new Error('Stopped.')), { once: true });
    });
    if (number !== null) await expectCertificateOf(number, core);
  } catch (error) {
    core.on('error', () => undefined);
    stop();
    throw error;
  } finally {
    signal?.removeEventListener('abort', stop);
  }
  return mysql2Wire({ core, db: core.promise(), release: (dirty) => leave(core, dirty) });
}

// `node:net` and `node:tls` load more of Node than mysql2 does of them, so only who verifies a host pays for it.

/** mysql2 compares the certificate of a host that is given by its number with the name `localhost`. */
async function numberToVerify(place: Endpoint['place'], tls: NonNullable<Tls>): Promise<string | null> {
  if (tls.verifyIdentity !== true || !('host' in place)) return null;
  const { isIP } = await import('node:net');
  return isIP(place.host) === 0 ? null : place.host;
}

async function expectCertificateOf(host: string, { stream }: CoreConnection): Promise<void> {
  const { checkServerIdentity } = await import('node:tls');
  const problem = checkServerIdentity(host, stream.getPeerCertificate?.() as PeerCertificate);
  if (problem !== undefined) throw problem;
}

function leave(core: CoreConnection, dirty: boolean): Promise<void> {
  if (dirty) {
    core.destroy();
    return Promise.resolve();
  }
  return new Promise((resolve) => core.end(() => resolve()));
}

/** A user's own connection, which must not be in a transaction. */
async function borrowed(db: object, core: CoreConnection, release: (dirty: boolean) => Promise<void>): Promise<Wire> {
  const wire = mysql2Wire({ core, db, release });
  wire.suspect();
  const { inTransaction } = await wire.look();
  if (!inTransaction) return wire;
  await wire.close(false);
  throw misuse('The connection is in the middle of a transaction.', 'End it before Detent runs.');
}

/** The connection with callbacks underneath one with promises, or the given one itself. */
function coreOf(given: object): CoreConnection {
  const inner: unknown = Reflect.get(given, 'connection');
  const core = typeof inner === 'object' && inner !== null ? inner : given;
  if (typeof Reflect.get(core, 'threadId') !== 'number' || typeof Reflect.get(core, 'promise') !== 'function')
    throw misuse(
      'This is not a connected connection of mysql2.',
      'Pass what `await mysql.createConnection({ … })` of mysql2 or mysql2/promise gives.',
    );
  return core as CoreConnection;
}

/** Of a pool with promises, or with callbacks. */
function connectionOf(pool: {
  getConnection(callback?: (error: Error | null, given: never) => void): unknown;
}): Promise<object> {
  return new Promise((resolve, reject) => {
    const answer = pool.getConnection((error, given) => (error === null ? resolve(given) : reject(error)));
    if (typeof answer === 'object' && answer !== null && 'then' in answer)
      (answer as Promise<object>).then(resolve, reject);
  });
}

async function patiently<T>(work: () => Promise<T>, { timeoutMs, signal }: ConnectOptions, target: string): Promise<T> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    if (timeoutMs > 0) timer = setTimeout(() => reject(new Error('no connection was free in time')), timeoutMs);
  });
  try {
    return await Promise.race([work(), late]);
  } catch (error) {
    throw connectFailed(failureFrom(error), target, signal, withoutStatement(error));
  } finally {
    clearTimeout(timer);
  }
}

async function loadMysql2(): Promise<{ createConnection(config: Readonly<Record<string, unknown>>): CoreConnection }> {
  try {
    const { default: mysql2 } = await import('mysql2');
    return mysql2 as unknown as { createConnection(config: Readonly<Record<string, unknown>>): CoreConnection };
  } catch (cause) {
    const code: unknown = typeof cause === 'object' && cause !== null ? Reflect.get(cause, 'code') : undefined;
    if (code !== 'ERR_MODULE_NOT_FOUND') throw cause;
    throw misuse('mysql2 is not installed.', 'Run `npm install mysql2`.');
  }
}

function systemUser(): string {
  try {
    return userInfo().username;
  } catch {
    return 'root';
  }
}
