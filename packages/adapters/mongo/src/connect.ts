import { randomUUID } from 'node:crypto';
import type { MongoClient, MongoClientOptions } from 'mongodb';
import { translate } from './errors.ts';
import type { CheckedOptions, Origin } from './options.ts';
import type { Address } from './url.ts';

/** What kind of deployment answers: transactions are there on all but the first. */
export type Topology = 'standalone' | 'replica set' | 'sharded cluster';

export interface Connected {
  readonly client: MongoClient;
  /** How the server knows the connections of this session; `null` with a client that is lent. */
  readonly appName: string | null;
  /** To connect once more from another thread; `null` with a client that is lent. */
  readonly again: ConnectArguments | null;
  readonly topology: Topology;
  readonly version: string;
}

/** What `new MongoClient` takes; plain data. */
export interface ConnectArguments {
  readonly url: string;
  readonly options: MongoClientOptions;
}

/** Fit for people: no password, no parameters. */
export function shownTarget({ origin, database }: CheckedOptions): string {
  const place = origin.kind === 'lent' ? origin.client.options.hosts.join(',') : origin.address.hosts.join(',');
  return `mongodb://${place}/${database}`;
}

/** `watches`: the client tells what it sends, which takes a tenth of the time of a run. Throws `CONNECTION`. */
export async function connect(
  checked: CheckedOptions,
  { timeoutMs, watches }: { readonly timeoutMs: number; readonly watches: boolean },
): Promise<Connected> {
  const target = shownTarget(checked);
  const { origin } = checked;
  const appName = origin.kind === 'lent' ? null : `detent-${randomUUID()}`;
  const again = origin.kind === 'lent' ? null : argumentsOf(origin, timeoutMs, appName ?? '');
  const client = origin.kind === 'lent' ? origin.client : await open(again, watches, target);
  try {
    await client.connect();
    const admin = client.db('admin');
    const [hello, build] = await Promise.all([admin.command({ hello: 1 }), admin.command({ buildInfo: 1 })]);
    return { client, appName, again, topology: topologyOf(hello), version: String(build['version']) };
  } catch (error) {
    if (origin.kind === 'address') await client.close(true).catch(() => undefined);
    throw translate(error, target, true);
  }
}

async function open(again: ConnectArguments | null, watches: boolean, target: string): Promise<MongoClient> {
  // Imported here: a quarter of a second that a project on another database need not wait.
  const { MongoClient: Client } = await import('mongodb');
  try {
    return new Client(again?.url ?? '', { ...again?.options, monitorCommands: watches });
  } catch (error) {
    throw translate(error, target, true);
  }
}

function topologyOf(hello: Readonly<Record<string, unknown>>): Topology {
  if (hello['msg'] === 'isdbgrid') return 'sharded cluster';
  return typeof hello['setName'] === 'string' ? 'replica set' : 'standalone';
}

function argumentsOf(
  { address, tls }: Extract<Origin, { kind: 'address' }>,
  timeoutMs: number,
  appName: string,
): ConnectArguments {
  const { user, password, parameters } = address;
  const isEncrypted = tls === null ? {} : typeof tls === 'boolean' ? { tls } : { tls: true, ...tls };
  return {
    url: bareUrl(address),
    options: {
      ...parameters,
      ...(user === undefined ? {} : { auth: { username: user, password: password ?? '' } }),
      ...(parameters.authSource === undefined && user !== undefined ? { authSource: 'admin' } : {}),
      ...isEncrypted,
      appName,
      serverSelectionTimeoutMS: timeoutMs,
      connectTimeoutMS: timeoutMs,
      retryWrites: true,
      writeConcern: { w: 'majority' },
      maxPoolSize: 10,
    } as MongoClientOptions,
  };
}

/** Hosts alone: everything else goes beside it, as it was checked. */
function bareUrl({ scheme, hosts }: Address): string {
  return `${scheme}://${hosts.join(',')}/`;
}
