import { createHash } from 'node:crypto';
import type { ObjectSum } from '@detent/core';
import type { ClientSession, Db } from 'mongodb';

/** Rows and checksum of documents as they come by, whatever their order. */
export interface Adder {
  readonly add: (bytes: Uint8Array) => void;
  readonly sum: () => ObjectSum;
}

const MASK = (1n << 64n) - 1n;

/** Adds up the hashes of the documents: equal contents give equal sums, however they lie on the disk. */
export function adder(name: string): Adder {
  let rows = 0;
  let high = 0n;
  let low = 0n;
  return {
    add(bytes) {
      const digest = createHash('sha256').update(bytes).digest();
      high = (high + digest.readBigUInt64BE(0)) & MASK;
      low = (low + digest.readBigUInt64BE(8)) & MASK;
      rows += 1;
    },
    sum() {
      const total = Buffer.alloc(16);
      total.writeBigUInt64BE(high, 0);
      total.writeBigUInt64BE(low, 8);
      return { name, rows, checksum: `sha256sum:${total.toString('hex')}` };
    },
  };
}

const BATCH = 2_000;

/** The documents of a collection as their bytes. */
export async function* bytesOf(db: Db, name: string, session: ClientSession | null): AsyncGenerator<Uint8Array> {
  const inSnapshot = session === null ? {} : { session, readConcern: { level: 'snapshot' } as const };
  const options = { raw: true, batchSize: BATCH, ...inSnapshot };
  const cursor = db.collection(name).find({}, options);
  try {
    for await (const document of cursor) yield document as unknown as Uint8Array;
  } finally {
    await cursor.close();
  }
}

/** `as`: the name that the sum gets. */
export async function sumOf(
  db: Db,
  name: string,
  session: ClientSession | null,
  as: string = name,
): Promise<ObjectSum> {
  const { add, sum } = adder(as);
  for await (const bytes of bytesOf(db, name, session)) add(bytes);
  return sum();
}
