// What one would write by hand for exactly one task: run the function, write it down. No lock, no intents, no recovery.
import { hash } from 'node:crypto';
import { open } from 'node:fs/promises';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { BSON, MongoClient, type Db } from 'mongodb';
import type { Job } from '../../job.ts';
import { contend } from '../contend.ts';

await contend({ migrate, backup, restore });

async function migrate({ folder, database }: Job): Promise<number> {
  await using client = await new MongoClient(database, { writeConcern: { w: 'majority' } }).connect();
  const db = client.db();
  const history = db.collection<{ _id: string; checksum: string; at: Date }>('history');
  const applied = new Map((await history.find().toArray()).map(({ _id, checksum }) => [_id, checksum]));
  let count = 0;
  for (const file of readdirSync(folder)
    .filter((name) => name.endsWith('.js'))
    .toSorted()) {
    const checksum = hash('sha256', readFileSync(join(folder, file)));
    const known = applied.get(file);
    if (known === checksum) continue;
    if (known !== undefined) throw new Error(`${file} was edited.`);
    const { up } = (await import(pathToFileURL(join(folder, file)).href)) as {
      readonly up: (db: Db, client: MongoClient) => Promise<unknown>;
    };
    await up(db, client);
    await history.insertOne({ _id: file, checksum, at: new Date() });
    count += 1;
  }
  return count;
}

/** The server's bytes in one file, a collection after another, with a line before each. */
async function backup({ database, backup: path }: Job): Promise<number> {
  await using client = await new MongoClient(database).connect();
  const db = client.db();
  const file = await open(path, 'w');
  const session = client.startSession({ snapshot: true });
  for (const { name } of await db.listCollections({}, { nameOnly: true }).toArray()) {
    let [pieces, size]: [Uint8Array[], number] = [[BSON.serialize({ collection: name })], 0];
    for await (const document of db.collection(name).find({}, { raw: true, batchSize: 2_000, session })) {
      const bytes = document as unknown as Uint8Array;
      pieces.push(Uint8Array.from(bytes));
      size += bytes.length;
      if (size < 1 << 20) continue;
      await file.write(Buffer.concat(pieces));
      [pieces, size] = [[], 0];
    }
    await file.write(Buffer.concat(pieces));
  }
  await session.endSession();
  await file.sync();
  await file.close();
  return 1;
}

/** By the driver's own way, through JavaScript values that keep their types. */
async function restore({ database, backup: path }: Job): Promise<number> {
  await using client = await new MongoClient(database, { writeConcern: { w: 'majority' } }).connect();
  const db = client.db();
  let name = '';
  let batch: BSON.Document[] = [];
  const send = async (): Promise<void> => {
    if (batch.length > 0) await db.collection(name).insertMany(batch);
    batch = [];
  };
  let rest: Buffer = Buffer.alloc(0);
  const file = await open(path);
  for await (const piece of file.createReadStream({ highWaterMark: 1 << 20 })) {
    rest = Buffer.concat([rest, piece as Buffer]);
    while (rest.length >= 4 && rest.length >= rest.readInt32LE(0)) {
      const document = BSON.deserialize(rest.subarray(0, rest.readInt32LE(0)), {
        promoteValues: false,
        bsonRegExp: true,
      });
      rest = rest.subarray(rest.readInt32LE(0));
      if ('collection' in document) {
        await send();
        name = String(document['collection']);
        await db
          .collection(name)
          .drop()
          .catch(() => false);
      } else batch.push(document);
      if (batch.length === 1_000) await send();
    }
  }
  await send();
  return 1;
}
