import { promisify } from 'node:util';
import { gzip as gzipWithCallback } from 'node:zlib';
import type { ObjectSum } from '@detent/core';
import type { SectionWriter } from '@detent/core/backup';
import { schemaFingerprint } from './fingerprint.ts';
import type { Link } from './link.ts';
import { rawStructures, type RawStructure } from './structures.ts';
import { adder, bytesOf } from './sums.ts';

export const FORMAT = 'detent-mongo-1';

const gzip = promisify(gzipWithCallback);
/** Documents are written together up to about this size. */
const PIECE = 1 << 20;

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
  const { client, db, books } = link;
  const session = client.startSession({ snapshot: true });
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
      for await (const bytes of bytesOf(db, structure.name, session)) {
        signal?.throwIfAborted();
        add(bytes);
        await pieces.add(bytes);
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

/** Gathers documents into pieces. */
function collector(writer: SectionWriter, compress: boolean) {
  let held: Uint8Array[] = [];
  let size = 0;
  const flush = async (): Promise<void> => {
    if (size === 0) return;
    const whole = Buffer.concat(held);
    held = [];
    size = 0;
    await writer.write(compress ? await gzip(whole) : whole);
  };
  return {
    flush,
    async add(bytes: Uint8Array): Promise<void> {
      // The driver may use the bytes again that it gave.
      held.push(Uint8Array.from(bytes));
      size += bytes.length;
      if (size >= PIECE) await flush();
    },
  };
}
