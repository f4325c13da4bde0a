import { hash } from 'node:crypto';
import type { ObjectSum } from '@detent/core';
import type { ClientSession, Db } from 'mongodb';

/** Rows and checksum of documents as they come by, whatever their order. */
export interface Adder {
  readonly add: (documents: readonly Uint8Array[]) => void;
  readonly sum: () => ObjectSum;
}

const MASK = (1n << 64n) - 1n;

/** Adds up the hashes of the documents: equal contents give equal sums, however they lie on the disk. */
export function adder(name: string): Adder {
  let rows = 0;
  let high = 0n;
  let low = 0n;
  return {
    add(documents) {
      for (const bytes of documents) {
        const digest = hash('sha256', bytes, 'buffer');
        high = (high + digest.readBigUInt64BE(0)) & MASK;
        low = (low + digest.readBigUInt64BE(8)) & MASK;
      }
      rows += documents.length;
    },
    sum() {
      const total = Buffer.alloc(16);
      total.writeBigUInt64BE(high, 0);
      total.writeBigUInt64BE(low, 8);
      return { name, rows, checksum: `sha256sum:${total.toString('hex')}` };
    },
  };
}

/** Answers of about this size: what a larger one took in memory is not soon used again, and so a process grows. */
const ANSWER = 96 << 10;
const MOST = 1_000;

/** The documents of a collection as their bytes, as many at a time as came together; good until the next ones. */
export async function* batchesOf(
  db: Db,
  name: string,
  session: ClientSession | null,
): AsyncGenerator<readonly Uint8Array[]> {
  const inSnapshot = session === null ? {} : { session, readConcern: { level: 'snapshot' } as const };
  const batchSize = Math.max(1, Math.min(MOST, Math.floor(ANSWER / (await sizeIn(db, name)))));
  const cursor = db.collection(name).find({}, { raw: true, batchSize, ...inSnapshot });
  try {
    while (await cursor.hasNext()) yield cursor.readBufferedDocuments() as unknown as readonly Uint8Array[];
  } finally {
    await cursor.close();
  }
}

/** Of a document, as far as the server says. */
async function sizeIn(db: Db, name: string): Promise<number> {
  const pipeline = [{ $collStats: { storageStats: {} } }, { $project: { size: '$storageStats.avgObjSize' } }];
  const found = await db
    .collection(name)
    .aggregate(pipeline)
    .toArray()
    .catch(() => []);
  return Number(found[0]?.['size'] ?? 0) || 1_024;
}

/** `as`: the name that the sum gets. */
export async function sumOf(db: Db, name: string, as: string = name): Promise<ObjectSum> {
  const { add, sum } = adder(as);
  for await (const documents of batchesOf(db, name, null)) add(documents);
  return sum();
}
