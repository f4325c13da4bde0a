import type { Copied } from './data-tables.ts';
import { decimalsIn } from './json-decimals.ts';

/** Rows are kept as the server sends them: each field behind its length, as MySQL's protocol writes lengths. */
const NULL = 0xfb;
const TWO = 0xfc;
const FOUR = 0xfe;

/** Gathers rows into pieces, in memory that is used again. */
export interface RowPacker {
  /** Adds the fields but the last `left`; gives the piece when it is large enough to be written, to be written at once. */
  add(fields: readonly (Buffer | null)[], left: number): Buffer | null;
  /** What is left over; `null` for nothing. */
  end(): Buffer | null;
}

const PIECE = 1 << 16;

export function packRows(): RowPacker {
  let memory = Buffer.allocUnsafe(2 * PIECE);
  let filled = 0;
  const take = (): Buffer => {
    const piece = memory.subarray(0, filled);
    filled = 0;
    return piece;
  };
  const makeRoom = (more: number): void => {
    if (filled + more <= memory.length) return;
    const larger = Buffer.allocUnsafe(filled + more);
    memory.copy(larger, 0, 0, filled);
    memory = larger;
  };
  return {
    add(fields, left) {
      let size = 0;
      for (let index = 0; index < fields.length - left; index += 1) size += 5 + (fields[index]?.length ?? 0);
      makeRoom(size);
      for (let index = 0; index < fields.length - left; index += 1)
        filled = writeField(memory, filled, fields[index] ?? null);
      return filled < PIECE ? null : take();
    },
    end: () => (filled === 0 ? null : take()),
  };
}

function writeField(memory: Buffer, at: number, field: Buffer | null): number {
  if (field === null) return memory.writeUInt8(NULL, at);
  const { length } = field;
  let next = at;
  if (length < NULL) next = memory.writeUInt8(length, at);
  else if (length < 0x1_0000) next = memory.writeUInt16LE(length, memory.writeUInt8(TWO, at));
  else next = memory.writeUInt32LE(length, memory.writeUInt8(FOUR, at));
  field.copy(memory, next);
  return next + length;
}

/** Where a field is in a piece; `null` for NULL. */
export interface Span {
  readonly from: number;
  readonly to: number;
}

/** The rows of a piece, as the spans of their fields. Throws for a piece that does not hold whole rows. */
export function* spansIn(piece: Buffer, fields: number): Generator<readonly (Span | null)[]> {
  for (let at = 0; at < piece.length;) {
    const spans: (Span | null)[] = [];
    for (let index = 0; index < fields; index += 1) {
      const mark = piece.readUInt8(at);
      at += 1;
      if (mark === NULL) {
        spans.push(null);
        continue;
      }
      const [length, bytes] =
        mark === TWO ? [piece.readUInt16LE(at), 2] : mark === FOUR ? [piece.readUInt32LE(at), 4] : [mark, 0];
      at += bytes;
      spans.push({ from: at, to: at + length });
      at += length;
    }
    if (at > piece.length) throw new Error('a row of the backup is cut off');
    yield spans;
  }
}

/** A field as the server reads it, whatever its settings. */
export function fieldSql(piece: Buffer, span: Span | null, { form }: Copied): string {
  if (span === null) return 'NULL';
  const { from, to } = span;
  switch (form) {
    case 'number':
      return piece.toString('latin1', from, to);
    case 'text':
      return `'${piece.toString('latin1', from, to)}'`;
    case 'bytes':
      return `X'${piece.toString('hex', from, to)}'`;
    case 'json':
      return documentSql(`_utf8mb4 X'${piece.toString('hex', from, to)}'`, piece.toString('utf8', from, to));
  }
}

/** A document of MySQL's, with the decimals in it put in as such. */
export function documentSql(value: string, text: string): string {
  const decimals = decimalsIn(text);
  if (decimals.length === 0) return value;
  const pairs = decimals.map(({ path, digits }) => `_utf8mb4 X'${Buffer.from(path).toString('hex')}', ${digits}`);
  return `JSON_SET(${value}, ${pairs.join(', ')})`;
}
