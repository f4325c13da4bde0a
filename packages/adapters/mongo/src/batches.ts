import { misuse, type BatchReader } from '@detent/core';
import type { Document } from 'mongodb';
import type { Link } from './link.ts';

/** Reads collections in the order of `_id`, from one place to the next, whatever types the keys have. */
export function createBatches(link: Link): BatchReader {
  const { db } = link;
  return {
    count: (name) =>
      link.ask(async () => {
        const found = await db.listCollections({ name }, { nameOnly: true }).toArray();
        if (found.length === 0)
          throw misuse(`There is no collection "${name}" to go through.`, 'Name a collection of the database.');
        return db.collection(name).estimatedDocumentCount();
      }),

    read: ({ table, size, after }) =>
      link.ask(async () => {
        const { BSON } = await import('mongodb');
        const place = decodeCursor(after, (bytes) => BSON.deserialize(bytes, EXACT)['_id'] as unknown);
        // A plain comparison sees only keys of the same type as the place.
        const filter: Document = place === null ? {} : { $expr: { $gt: ['$_id', { $literal: place.key }] } };
        const found = (await db
          .collection(table)
          .find(filter, { raw: true, readPreference: 'primary' })
          .sort({ _id: 1 })
          .limit(size)
          .toArray()) as unknown as readonly Uint8Array[];
        const last = found.length < size ? undefined : found.at(-1);
        return {
          rows: found.map((bytes) => BSON.deserialize(bytes, db.bsonOptions)),
          cursor:
            last === undefined ? null : encodeCursor(BSON.serialize({ _id: BSON.deserialize(last, EXACT)['_id'] })),
        };
      }),
  };
}

/** Each value in the type that it has in the database. */
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

/** As JSON: the bytes of the key. */
function encodeCursor(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function decodeCursor(cursor: unknown, read: (bytes: Buffer) => unknown): { readonly key: unknown } | null {
  if (cursor === null || cursor === undefined) return null;
  if (typeof cursor === 'string') return { key: read(Buffer.from(cursor, 'base64')) };
  throw misuse(
    'The saved place of a batch is not one that was written for MongoDB.',
    'Settle the migration with `detent resolve`.',
  );
}
