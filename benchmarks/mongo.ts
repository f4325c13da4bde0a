import { setup } from '@detent/tests/servers/setup';
import { createMongoDatabase, mongoServer, type MongoDatabase } from '@detent/tests/servers/mongodb';
import { MongoClient, type Db } from 'mongodb';
import { entrant, type Entrant, type Expected, type Server } from './field.ts';
import { checkEffect } from './migrations.ts';
import { NotRun } from './scenario.ts';

const layout = 'migrate-mongo';

/** All of them are given the same files. */
export const FLOOR: Entrant = entrant('floor', 'floor', 'history', { layout });
export const DETENT: Entrant = entrant('Detent', 'detent', 'schema_version', { layout });
export const PEER: Entrant = entrant('migrate-mongo', 'migrate-mongo', 'changelog', { layout });

/** Throws `NotRun` where no server can be had. */
export async function openMongo(): Promise<Server<MongoDatabase>> {
  const stop = setup();
  const server = await mongoServer();
  if (server === null) {
    stop();
    throw new NotRun('there is no MongoDB.');
  }
  return {
    programs: 'mongo',
    about: `${server.product}, from ${server.source}${server.product === 'MongoDB' ? '' : '; a gateway of ours stands before it, so that only ratios say something'}`,
    check,
    database: () => createMongoDatabase(server),
    [Symbol.dispose]: stop,
  };
}

export async function withDatabase<T>({ url, name }: MongoDatabase, work: (db: Db) => Promise<T>): Promise<T> {
  await using client = await new MongoClient(url).connect();
  return await work(client.db(name));
}

async function check(database: MongoDatabase, { count, history }: Expected): Promise<void> {
  await withDatabase(database, async (db) => {
    const names = (await db.listCollections({}, { nameOnly: true }).toArray()).map(({ name }) => name);
    const made = names.filter((name) => /^orders_\d+$/.test(name));
    let indexes = 0;
    for (const name of made) indexes += (await db.collection(name).listIndexes().toArray()).length - 1;
    checkEffect({ made: made.length + indexes, rows: await db.collection('orders_0').countDocuments() }, count);
    const written = await db.collection(history).countDocuments();
    if (written !== count) throw new Error(`The history has ${written} documents, not ${count}.`);
  });
}
