import { createReadStream } from 'node:fs';
import { copiedOf, type Copied } from './data-tables.ts';
import { readDump, type DumpRows } from './dump-script.ts';
import { bytesOf, rowsIn, type Literal } from './dump-values.ts';
import type { Contents } from './dump.ts';
import { createRowSink, type Filling, type RowSink } from './fill.ts';
import { documentSql } from './row.ts';

const BLOCK = 1 << 18;

/** Puts the rows of a dump into tables that are there. Of the file nothing but values is used. */
export async function fillFromDump(path: string, { tables }: Contents, filling: Filling): Promise<void> {
  let current: { readonly name: string; readonly copied: readonly Copied[]; readonly sink: RowSink } | null = null;
  for await (const part of readDump(createReadStream(path, { highWaterMark: BLOCK }))) {
    if (part.kind === 'table') continue;
    if (current?.name !== part.table) {
      await current?.sink.end();
      const table = tables.find(({ name }) => name === part.table);
      if (table === undefined) throw new Error(`the dump has rows of an unknown table, ${part.table}`);
      current = { name: table.name, copied: copiedOf(table), sink: await createRowSink(filling, table) };
    }
    await addRows(part, current.copied, current.sink);
  }
  await current?.sink.end();
}

async function addRows(part: DumpRows, copied: readonly Copied[], sink: RowSink): Promise<void> {
  const places = copied.map(({ name }) => {
    const place = part.columns.indexOf(name);
    if (place === -1) throw new Error(`the dump lacks the column ${name} of ${part.table}`);
    return place;
  });
  for (const row of rowsIn(part)) {
    const fields: string[] = [];
    for (const [index, column] of copied.entries()) {
      const literal = row[places[index] ?? -1];
      if (literal === undefined) throw new Error(`a row of ${part.table} is too short`);
      const isLong = literal.to - literal.from > sink.longest;
      fields.push(isLong ? await longSql(part.bytes, literal, column, sink) : literalSql(part.bytes, literal, column));
    }
    await sink.add(fields);
  }
}

/** As it stands in the dump, but for what would be read in another way than it was meant. */
function literalSql(bytes: Buffer, literal: Literal, { form }: Copied): string {
  const { kind, from, to } = literal;
  switch (kind) {
    case 'null':
      return 'NULL';
    case 'hex':
      return `0x${bytes.toString('latin1', from, to)}`;
    case 'number': {
      const digits = bytes.toString('latin1', from, to);
      // Bare, a zero would lose its sign.
      return form === 'text' ? `'${digits}'` : digits;
    }
    case 'text': {
      if (form !== 'json') return `'${bytes.toString('utf8', from, to)}'`;
      const document = bytesOf(bytes, literal);
      return documentSql(`_utf8mb4 X'${document.toString('hex')}'`, document.toString('utf8'));
    }
  }
}

async function longSql(bytes: Buffer, literal: Literal, { form }: Copied, sink: RowSink): Promise<string> {
  const value = bytesOf(bytes, literal);
  const variable = await sink.long(value);
  if (literal.kind !== 'text') return variable;
  const text = `CONVERT(${variable} USING utf8mb4)`;
  return form === 'json' ? documentSql(text, value.toString('utf8')) : text;
}
