import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import type { ObjectSum } from '@detent/core';
import type { SectionWriter } from '@detent/core/backup';
import { schemaFingerprint } from './fingerprint.ts';
import type { Link } from './link.ts';
import { rawStructures, type RawStructure } from './structures.ts';
import { adder, batchesOf } from './sums.ts';

export const FORMAT = 'detent-mongo-1';

const gzip = promisify(gzipWithCallback);
/** Documents are written together up to this size, or alone. */
const PIECE = 120 << 10;

export interface Dumped {
  readonly fingerprint: string;
  readonly objects: readonly ObjectSum[];
  readonly structures: ReadonlyMap<string, string>;
}

/** A section's first line. */
export interface SectionHeader {
  readonly name: string;
  readonly type: string;
  /** Base64 of BSON. */
  readonly options: string;
  readonly indexes: readonly string[];
  readonly gzip: boolean;
}

/** The schema changed while it was being read. */
export class SchemaMoved extends Error {
  constructor() {
    super('collections or indexes were changed while they were being read');
  }
}

/**
 * Writes every collection, with Detent's own history and without its lock, as the bytes that the server has, in one
 * snapshot of all of them.
 */
export async function dump(
  link: Link,
  writer: SectionWriter,
  { compress, signal }: { readonly compress: boolean; readonly signal: AbortSignal | undefined },
): Promise<Dumped> {
  const { db, books } = link;
  const bulk = await link.bulk();
  const session = bulk.client.startSession({ snapshot: true });
  try {
    const before = await rawStructures(db);
    const objects: ObjectSum[] = [];
    for (const structure of before) {
      signal?.throwIfAborted();
      if (structure.name === books.lock.collectionName) continue;
      await writer.section(headerOf(structure, compress));
      if (structure.type === 'view') continue;
      const { add, sum } = adder(structure.name);
      const pieces = collector(writer, compress);
      for await (const documents of batchesOf(bulk, structure.name, session)) {
        signal?.throwIfAborted();
        add(documents);
        await pieces.add(documents);
      }
      await pieces.flush();
      if (!books.own.includes(structure.name)) objects.push(sum());
    }
    const fingerprint = await schemaFingerprint(link);
    if (!isSame(await rawStructures(db), before)) throw new SchemaMoved();
    return { fingerprint, objects, structures: spelledByName(before) };
  } finally {
    await session.endSession();
  }
}

function headerOf({ name, type, options, indexes }: RawStructure, compress: boolean): SectionHeader {
  return { name, type, options: base64(options), indexes: indexes.map(base64), gzip: compress };
}

function base64(bytes: Uint8Array): string {
  return Buffer.from(bytes).toString('base64');
}

function isSame(a: readonly RawStructure[], b: readonly RawStructure[]): boolean {
  return JSON.stringify([...spelledByName(a)]) === JSON.stringify([...spelledByName(b)]);
}

/** Options and indexes of each as text. */
export function spelledByName(structures: readonly RawStructure[]): ReadonlyMap<string, string> {
  return new Map(structures.map((structure) => [structure.name, JSON.stringify(headerOf(structure, false))]));
}

/** Gathers documents into pieces, in one place in memory. */
function collector(writer: SectionWriter, compress: boolean) {
  const piece = Buffer.allocUnsafe(PIECE);
  let filled = 0;
  const write = async (bytes: Uint8Array): Promise<void> => writer.write(compress ? await gzip(bytes) : bytes);
  const flush = async (): Promise<void> => {
    if (filled > 0) await write(piece.subarray(0, filled));
    filled = 0;
  };
  return {
    flush,
    async add(documents: readonly Uint8Array[]): Promise<void> {
      for (const bytes of documents) {
        if (filled + bytes.length > PIECE) await flush();
        if (bytes.length > PIECE) await write(bytes);
        else {
          piece.set(bytes, filled);
          filled += bytes.length;
        }
      }
    },
  };
}
