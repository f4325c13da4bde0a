import { spawnSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { existsSync, mkdirSync, mkdtempSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { setTimeout as sleep } from 'node:timers/promises';
import { MongoClient } from 'mongodb';
import { startDocumentDb, startGateway } from './documentdb.ts';
import { reportNotRun } from './not-run.ts';
import { once } from './once.ts';
import { freePort, keep } from './postgres.ts';

/** A server that runs; `url` leads to it as a user who may do everything. */
export interface MongoServer {
  /** MongoDB's own, or one that has its commands and lacks some of what it can do. */
  readonly product: 'MongoDB' | 'DocumentDB';
  readonly url: string;
  /** Where it came from, for people. */
  readonly source: string;
}

export interface MongoDatabase {
  readonly name: string;
  readonly url: string;
  drop(): Promise<void>;
}

interface Found {
  readonly product: MongoServer['product'];
  readonly url: string | null;
  readonly source: string;
  readonly keeper?: number;
}

/** A replica set. Started by the first who asks, shared by all. `null`, and said at the end of the run, where none can be had. */
export function mongoServer(): Promise<MongoServer | null> {
  const folder = process.env['TEST_SERVERS_FOLDER'] ?? '';
  const known = asked.get(folder) ?? ask();
  asked.set(folder, known);
  return known;
}

/** By the folder of the run: benchmarks start a server of their own for each scenario. */
const asked = new Map<string, Promise<MongoServer | null>>();

async function ask(): Promise<MongoServer | null> {
  const { product, url, source } = await once<Found>('mongodb', find);
  if (url === null) {
    reportNotRun({ suite: 'MongoDB', reason: source, required: false });
    return null;
  }
  if (product === 'DocumentDB')
    reportNotRun({ suite: 'MongoDB itself', reason: `its suites ran on ${source}`, required: false });
  return { product, url, source };
}

/** The same engine without a replica set. `null` where there is none. */
export async function standaloneServer(): Promise<MongoServer | null> {
  const { product, url, source } = await once<Found>('mongodb-standalone', findStandalone);
  if (url !== null) return { product, url, source };
  reportNotRun({ suite: 'MongoDB without a replica set', reason: source, required: false });
  return null;
}

/** A fresh database of that server. */
export async function createMongoDatabase({ url }: MongoServer): Promise<MongoDatabase> {
  const name = `detent_${randomBytes(6).toString('hex')}`;
  const own = new URL(url);
  own.pathname = `/${name}`;
  return {
    name,
    url: own.href,
    async drop() {
      const client = new MongoClient(url);
      try {
        await client.db(name).dropDatabase();
      } finally {
        await client.close();
      }
    },
  };
}

async function find(): Promise<Found> {
  const given = process.env['DETENT_TEST_MONGODB_URL'];
  if (given !== undefined) return { product: 'MongoDB', url: given, source: 'DETENT_TEST_MONGODB_URL' };
  return firstOf([() => fromDocker('rs0'), () => fromMachine('rs0'), fromDebian]);
}

async function findStandalone(): Promise<Found> {
  return firstOf([() => fromDocker(null), () => fromMachine(null), standaloneFromDebian]);
}

async function firstOf(ways: readonly (() => Promise<Found | null>)[]): Promise<Found> {
  const reasons: string[] = [];
  for (const way of ways) {
    try {
      const found = await way();
      if (found !== null) return found;
    } catch (error) {
      reasons.push(error instanceof Error ? error.message : String(error));
    }
  }
  const source = reasons.join('; ') || 'no Docker, no mongod, no package of Debian';
  return { product: 'MongoDB', url: null, source };
}

async function fromDocker(replicaSet: string | null): Promise<Found | null> {
  if (spawnSync('docker', ['version', '--format', '{{.Server.Version}}'], { timeout: 10_000 }).status !== 0)
    return null;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'detent-docker-'));
  const args = [
    'run',
    '--rm',
    '--network',
    'host',
    '--name',
    `detent-mongo-${port}`,
    'mongo:8',
    '--port',
    String(port),
  ];
  const set = replicaSet === null ? [] : ['--replSet', replicaSet];
  const keeper = keep(folder, 'docker', [...args, ...set], null);
  if (replicaSet === null) await answering(urlOf(port, null), 120_000);
  else await initiate(port, 120_000);
  return { product: 'MongoDB', url: urlOf(port, replicaSet), source: 'Docker, mongo:8', keeper };
}

async function fromMachine(replicaSet: string | null): Promise<Found | null> {
  const program = programPath();
  if (program === null) return null;
  const port = await freePort();
  const folder = mkdtempSync(join(tmpdir(), 'detent-mongod-'));
  const data = join(folder, 'data');
  mkdirSync(data);
  const set = replicaSet === null ? [] : ['--replSet', replicaSet];
  const args = ['--dbpath', data, '--port', String(port), '--bind_ip', '127.0.0.1', '--nounixsocket', ...set];
  const keeper = keep(folder, program, args, null);
  if (replicaSet === null) await answering(urlOf(port, null), 60_000);
  else await initiate(port, 60_000);
  return { product: 'MongoDB', url: urlOf(port, replicaSet), source: program, keeper };
}

function programPath(): string | null {
  const named = process.env['MONGOMS_SYSTEM_BINARY'];
  const places = ['/usr/bin', '/usr/local/bin', '/opt/homebrew/bin'].map((folder) => join(folder, 'mongod'));
  return [...(named === undefined ? [] : [named]), ...places].find((path) => existsSync(path)) ?? null;
}

/** Where no mongod can be had. */
async function fromDebian(): Promise<Found | null> {
  const port = await engine();
  if (port === null) return null;
  const gateway = await startGateway(port);
  await answering(urlOf(gateway.port, 'rs0'), 60_000);
  const source = 'Debian forky, postgresql-18-documentdb';
  return { product: 'DocumentDB', url: urlOf(gateway.port, 'rs0'), source, keeper: gateway.keeper };
}

async function standaloneFromDebian(): Promise<Found | null> {
  const port = await engine();
  if (port === null) return null;
  const gateway = await startGateway(port, { standalone: true });
  await answering(urlOf(gateway.port, null), 60_000);
  const source = 'Debian forky, postgresql-18-documentdb';
  return { product: 'DocumentDB', url: urlOf(gateway.port, null), source, keeper: gateway.keeper };
}

async function engine(): Promise<number | null> {
  const started = await once<{ readonly port?: number; readonly keeper?: number }>(
    'documentdb',
    async () => (await startDocumentDb()) ?? {},
  );
  return started.port ?? null;
}

function urlOf(port: number, replicaSet: string | null): string {
  return `mongodb://127.0.0.1:${port}/${replicaSet === null ? '?directConnection=true' : `?replicaSet=${replicaSet}`}`;
}

/** Makes a replica set of one, and waits until it takes writes. */
async function initiate(port: number, patienceMs: number): Promise<void> {
  const client = new MongoClient(urlOf(port, null));
  try {
    for (const end = Date.now() + patienceMs; ; await sleep(100)) {
      try {
        const config = { _id: 'rs0', members: [{ _id: 0, host: `127.0.0.1:${port}` }] };
        await client.db('admin').command({ replSetInitiate: config });
        break;
      } catch (error) {
        if (/already initialized/i.test(String(error))) break;
        if (Date.now() > end) throw error;
      }
    }
  } finally {
    await client.close();
  }
  await answering(urlOf(port, 'rs0'), patienceMs);
}

async function answering(url: string, patienceMs: number): Promise<void> {
  for (const end = Date.now() + patienceMs; ; await sleep(50)) {
    const client = new MongoClient(url, { serverSelectionTimeoutMS: 1_000 });
    try {
      await client.db('admin').command({ ping: 1 });
      return;
    } catch (error) {
      if (Date.now() > end) throw error;
    } finally {
      await client.close();
    }
  }
}
