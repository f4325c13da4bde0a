import { rm } from 'node:fs/promises';
import { createSectionFile, jsonOf, readSections, type Section, type SectionWriter } from '@detent/core/backup';
import type { Manifest, ObjectSum } from '@detent/core';
import { copiedOf, readSql, type DataTable } from './data-tables.ts';
import { isLockable, type Contents, type Counters, type Dump, type Keeper } from './dump.ts';
import { createRowSink, type Filling } from './fill.ts';
import type { Link } from './link.ts';
import type { Method } from './method.ts';
import { documentSql, fieldSql, packRows, spansIn } from './row.ts';
import { countRows, FIXED_TEXT } from './sums.ts';

/** The first line of such a file. */
const FORMAT = 'detent-mysql-backup-1';

/** Rows as the text and the bytes that the server sends, in one file of Detent's own; see `SectionWriter`. */
export function copyMethod(dump: Dump): Method {
  return {
    obstacles: async () => [],

    async write(path, signal) {
      const writer = await createSectionFile(path, FORMAT);
      try {
        const { fingerprint, objects, rows } = await dump(writing(writer, signal), signal);
        const { bytes, hash } = await writer.finish();
        return { bytes, hash, fingerprint, objects, details: { rows } };
      } catch (error) {
        await writer.abandon();
        await rm(path, { force: true });
        throw error;
      }
    },

    async contents({ path }) {
      for await (const section of readSections(path, FORMAT)) return (await jsonOf(section)) as Contents;
      throw new Error('the backup is empty');
    },

    fill,
  };
}

function writing(writer: SectionWriter, signal: AbortSignal | undefined): Keeper {
  return {
    still: (_, take) => take(),

    async rows({ link, guard }, contents) {
      await writer.section({ kind: 'contents' });
      await writer.write(Buffer.from(JSON.stringify(contents)));
      const objects: ObjectSum[] = [];
      // What is locked is read first, so that it can be written to again.
      const turns = [...contents.tables.entries()].toSorted(
        ([, a], [, b]) => Number(isLockable(b)) - Number(isLockable(a)),
      );
      await link.ask('SET SESSION character_set_results = NULL');
      for (const [index, table] of turns) {
        signal?.throwIfAborted();
        if (guard !== null && !isLockable(table)) await guard.run('UNLOCK TABLES');
        await writer.section({ kind: 'rows', table: index });
        objects.push(...(await writeRows(link, contents.schema, table, writer, signal)));
      }
      signal?.throwIfAborted();
      await link.ask(FIXED_TEXT);
      return objects;
    },

    async end(counters) {
      await writer.section({ kind: 'end' });
      await writer.write(Buffer.from(JSON.stringify(counters)));
    },
  };
}

async function writeRows(
  { wire }: Link,
  schema: string,
  table: DataTable,
  writer: SectionWriter,
  signal: AbortSignal | undefined,
): Promise<readonly ObjectSum[]> {
  const packer = packRows();
  const counter = countRows(table.name);
  await wire.rows(readSql(schema, table), (fields) => {
    if (table.kind === 'user') counter.add(fields.at(-1));
    const piece = packer.add(fields, 1);
    if (piece === null) return undefined;
    signal?.throwIfAborted();
    return writer.write(piece);
  });
  const rest = packer.end();
  if (rest !== null) await writer.write(rest);
  return table.kind === 'user' ? [counter.sum] : [];
}

async function fill({ path }: Manifest, filling: Filling): Promise<Counters> {
  let contents: Contents | null = null;
  let counters: Counters = { increments: [], sequences: [] };
  for await (const section of readSections(path, FORMAT)) {
    const { kind, table } = section.header;
    if (kind === 'contents') contents = (await jsonOf(section)) as Contents;
    else if (kind === 'rows') {
      const found = contents?.tables[Number(table)];
      if (found === undefined) throw new Error('the backup has rows of an unknown table');
      await fillTable(filling, found, section);
    } else if (kind === 'end') counters = (await jsonOf(section)) as Counters;
    else throw new Error(`the backup has a part of an unknown kind, ${String(kind)}`);
  }
  return counters;
}

async function fillTable(filling: Filling, table: DataTable, section: Section): Promise<void> {
  const sink = await createRowSink(filling, table);
  const copied = copiedOf(table);
  for await (const piece of section.pieces) {
    for (const spans of spansIn(piece, copied.length)) {
      const fields: string[] = [];
      for (const [index, column] of copied.entries()) {
        const span = spans[index] ?? null;
        if (span === null || 2 * (span.to - span.from) <= sink.longest) {
          fields.push(fieldSql(piece, span, column));
          continue;
        }
        const variable = await sink.long(piece.subarray(span.from, span.to));
        const document = (): string =>
          documentSql(`CONVERT(${variable} USING utf8mb4)`, piece.toString('utf8', span.from, span.to));
        fields.push(column.form === 'json' ? document() : variable);
      }
      await sink.add(fields);
    }
  }
  await sink.end();
}
