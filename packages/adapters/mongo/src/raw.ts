import type { Document } from 'mongodb';

const EMBEDDED = 3;
const ARRAY = 4;

/**
 * The same document with maps in place of objects: a JavaScript object puts names that are numbers first, and in the key of
 * an index, in a validator and in a pipeline the order of names means something. Values keep the types that they have.
 */
export async function orderedOf(bytes: Uint8Array): Promise<Map<string, unknown>> {
  const { BSON } = await import('mongodb');
  const read = (document: Uint8Array, isArray: boolean): Map<string, unknown> | unknown[] => {
    const found = new Map<string, unknown>();
    for (const [type, nameOffset, nameLength, offset, length] of BSON.onDemand.parseToElements(document)) {
      const name = Buffer.from(document.buffer, document.byteOffset + nameOffset, nameLength).toString('utf8');
      const value = document.subarray(offset, offset + length);
      if (type === EMBEDDED || type === ARRAY) found.set(name, read(value, type === ARRAY));
      else found.set(name, BSON.deserialize(single(type, value), EXACT)['v']);
    }
    return isArray ? [...found.values()] : found;
  };
  return read(bytes, false) as Map<string, unknown>;
}

/** Each value in the type that it has in the database. */
const EXACT = { promoteValues: false, promoteLongs: false, promoteBuffers: false, bsonRegExp: true } as const;

/** A document with one field, `v`. */
function single(type: number, value: Uint8Array): Uint8Array {
  const document = Buffer.alloc(value.length + 8);
  document.writeInt32LE(document.length, 0);
  document[4] = type;
  document.write('v', 5);
  document.set(value, 7);
  return document;
}

/** What goes into a command as a list of documents whose bytes are not touched. */
export interface RawDocuments {
  push(document: Document, bytes: Uint8Array): number;
}

/**
 * The driver's own way of sending documents beside a command, which it does not show: everything else that it takes goes
 * through JavaScript values, where names change places and old types get lost. `null` where this driver has it elsewhere.
 */
export async function rawDocuments(): Promise<((field: string) => RawDocuments) | null> {
  const place = 'mongodb/lib/cmap/commands.js';
  const found = (await import(place).catch(() => null)) as Readonly<Record<string, unknown>> | null;
  const made: unknown =
    found?.['DocumentSequence'] ?? (found?.['default'] as Document | undefined)?.['DocumentSequence'];
  if (typeof made !== 'function' || typeof (made.prototype as Document)['push'] !== 'function') return null;
  const Sequence = made as new (field: string) => RawDocuments;
  return (field) => new Sequence(field);
}
