import { rm } from 'node:fs/promises';
import { createSectionFile, deleteFiles, jsonOf, readSections, type SectionWriter } from '@detent/core/backup';
import { copyOut, type DataTable } from './data-tables.ts';
import { dump, type Contents, type Dumped, type Keeper } from './dump.ts';
import type { Link } from './link.ts';
import type { Method } from './method.ts';
import { asideOf, lockMsOf, readerOf, solitudeOf } from './reader.ts';
import { rebuildFrom } from './rebuild-rows.ts';
import { OBJECT_PAGES } from './sums.ts';
import { schemaFingerprint } from './fingerprint.ts';
import type { Copy, Wire } from './wire.ts';

/** The first line of such a file. */
export const FORMAT = 'detent-postgres-backup-1';

/** Rows as text that the server writes and reads, in one file of Detent's own; see `SectionWriter`. */
export function copyMethod(link: Link): Method {
  return {
    obstacles: async () => [],

    async write(path, signal) {
      const sessions = await solitudeOf(link, 'begins');
      const wire = await readerOf(link);
      const { copy } = wire;
      if (copy === null) throw new Error('this driver has no streams');
      const writer = await createSectionFile(path, FORMAT);
      try {
        const { fingerprint, objects, rows } = await snapshot(link, wire, writing(writer, copy, signal), signal);
        const { bytes, hash } = await writer.finish();
        return { bytes, hash, fingerprint, objects, sessions, details: { rows } };
      } catch (error) {
        await writer.abandon();
        await rm(path, { force: true });
        throw error;
      }
    },

    verify: async () => undefined,
    contents: ({ path }) => contentsOf(path),
    rebuild: ({ path }, rebuilding) => rebuildFrom(readSections(path, FORMAT), rebuilding),
    delete: deleteFiles,
  };
}

/** Reads the database by `wire`, which is out of the transaction again whatever happens. */
export async function snapshot(
  link: Link,
  wire: Wire,
  keeper: Keeper,
  signal: AbortSignal | undefined,
): Promise<Dumped> {
  try {
    return await dump(
      {
        ask: (...texts) => wire.run(texts.join(';\n')),
        books: await link.books(),
        version: (await link.greeting()).versionNumber,
        lockMs: lockMsOf(link),
        signal,
        aside: await asideOf(link, wire),
        fingerprintNow: () => schemaFingerprint(link, false),
      },
      keeper,
    );
  } catch (error) {
    if (wire.isOpen && wire.status !== 'I') await wire.run('ROLLBACK').catch(() => undefined);
    throw error;
  }
}

function writing(writer: SectionWriter, copy: Copy, signal: AbortSignal | undefined): Keeper {
  return {
    needsSnapshot: false,
    async begin(contents) {
      await writer.section({ kind: 'contents' });
      await writer.write(Buffer.from(JSON.stringify(contents)));
    },
    rows: (contents) => writeRows(writer, copy, contents, signal),
    // No snapshot covers sequences: read last, they are ahead of every row that was copied.
    async end(sequences) {
      await writer.section({ kind: 'end' });
      await writer.write(Buffer.from(JSON.stringify({ sequences })));
    },
  };
}

async function writeRows(
  writer: SectionWriter,
  copy: Copy,
  { tables, schema }: Contents,
  signal: AbortSignal | undefined,
): Promise<ReadonlyMap<string, number>> {
  const rows = new Map<string, number>();
  const take = (bytes: Buffer): Promise<void> | undefined => {
    signal?.throwIfAborted();
    return writer.write(bytes);
  };
  const each = async (table: DataTable, index: number): Promise<void> => {
    await writer.section({ kind: 'rows', table: index });
    if (table.copied.length > 0) rows.set(table.name, await copy.out(copyOut(table), take));
  };
  for (const [index, table] of tables.entries()) await each(table, index);
  if (schema.objects.some(({ kind }) => kind === 'large object')) {
    await writer.section({ kind: 'large objects' });
    await copy.out(`COPY (${OBJECT_PAGES}) TO STDOUT`, take);
  }
  return rows;
}

async function contentsOf(path: string): Promise<Contents> {
  for await (const section of readSections(path, FORMAT)) return (await jsonOf(section)) as Contents;
  throw new Error('the backup is empty');
}
