import { createHash } from 'node:crypto';
import type { FileHandle } from 'node:fs/promises';
import type { Running } from '@detent/core/backup';
import { readDump } from './dump-script.ts';
import { rowsIn } from './dump-values.ts';

/** What is in a dump, by the names of its tables. */
export interface DumpFile {
  readonly bytes: number;
  readonly hash: string;
  /** The statement that makes each. */
  readonly texts: ReadonlyMap<string, string>;
  readonly rows: ReadonlyMap<string, number>;
}

/** A dump that is being written. */
export interface Writing {
  /** Kept when the program reads rows, which it does in one snapshot; or when it is over. */
  readonly begun: Promise<void>;
  readonly file: Promise<DumpFile>;
}

/** Writes what the program says into the file, and reads it as a restore would. */
export function writeDump({ output, done }: Running, target: FileHandle): Writing {
  const digest = createHash('sha256');
  let bytes = 0;
  const texts = new Map<string, string>();
  const rows = new Map<string, number>();
  const { promise: begun, resolve: begin } = Promise.withResolvers<void>();

  async function* written(): AsyncGenerator<Buffer> {
    for await (const piece of output) {
      digest.update(piece);
      bytes += piece.length;
      for (let at = 0; at < piece.length;) at += (await target.write(piece, at)).bytesWritten;
      yield piece;
    }
    await done;
  }

  const read = async (): Promise<DumpFile> => {
    for await (const part of readDump(written())) {
      begin();
      if (part.kind === 'table') texts.set(part.name, part.text);
      else rows.set(part.table, (rows.get(part.table) ?? 0) + countOf(rowsIn(part)));
    }
    await target.sync();
    return { bytes, hash: `sha256:${digest.digest('hex')}`, texts, rows };
  };
  const file = read().finally(begin);
  // Whoever waits for the file hears of it.
  file.catch(() => undefined);
  return { begun, file };
}

function countOf(found: Iterable<unknown>): number {
  let count = 0;
  for (const _ of found) count += 1;
  return count;
}
