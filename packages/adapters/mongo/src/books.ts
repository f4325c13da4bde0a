import { misuse } from '@detent/core';
import type { Collection, Db, Document } from 'mongodb';

/** A document of Detent's own; its key is a text or a number. */
export type Book = Document & { readonly _id: string | number };

/** The one document that says whose the lock is; transactions touch it, so that none of them outlives its lock. */
export const LOCK_ID = 'lock';

/** Detent's own collections. */
export interface Books {
  readonly history: Collection<Book>;
  readonly event: Collection<Book>;
  readonly lock: Collection<Book>;
  /** The names that are no part of the user's schema. */
  readonly own: readonly string[];
}

/** As the application reads values is no matter here. */
const PLAIN = {
  promoteValues: true,
  promoteLongs: true,
  promoteBuffers: false,
  useBigInt64: false,
  raw: false,
  ignoreUndefined: true,
  readConcern: { level: 'majority' },
  writeConcern: { w: 'majority' },
  readPreference: 'primary',
} as const;

/** Throws `CONFIG` for an impossible name. */
export function booksOf(db: Db, table: string): Books {
  if (table === '' || /[$\0]|^system\.|^\.|\.$/.test(table) || Buffer.byteLength(table) > 200) {
    throw misuse(
      'The name of the history collection is not one that MongoDB takes.',
      'Leave `table` out for schema_version, or choose letters, digits and _.',
    );
  }
  const names = { history: table, event: `${table}_event`, lock: `${table}_lock` };
  return {
    history: db.collection<Book>(names.history, PLAIN),
    event: db.collection<Book>(names.event, PLAIN),
    lock: db.collection<Book>(names.lock, PLAIN),
    own: Object.values(names),
  };
}
