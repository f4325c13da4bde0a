import { isUtf8 } from 'node:buffer';
import type { DumpRows } from './dump-script.ts';

/** Where a literal is in the bytes of its statement. */
export interface Literal {
  readonly kind: 'null' | 'number' | 'text' | 'hex';
  /** Without what introduces or encloses it, for a text and for hexadecimal digits. */
  readonly from: number;
  readonly to: number;
}

const [QUOTE, COMMA, OPEN, CLOSE, BACKSLASH, SEMICOLON, ZERO] = [0x27, 0x2c, 0x28, 0x29, 0x5c, 0x3b, 0x30];
const [NULL, HEX, BINARY] = ['NULL', '0x', '_binary '].map((word) => Buffer.from(word)) as [Buffer, Buffer, Buffer];

const HEX_DIGITS = tableOf('0123456789abcdefABCDEF');
const OF_NUMBERS = tableOf('0123456789+-.eE');

/**
 * The rows of an INSERT. Throws for anything in the place of a literal: whatever else stands in a dump, nothing of it is
 * executed by Detent.
 */
export function* rowsIn({ table, columns, bytes, from }: DumpRows): Generator<readonly Literal[]> {
  const fail = (): never => {
    throw new Error(`the dump has more than values in the rows of ${table}`);
  };
  if (!isUtf8(bytes)) throw new Error(`the rows of ${table} hold bytes that are no text of their character set`);
  let at = from;
  for (;;) {
    if (bytes[at] !== OPEN) fail();
    const row: Literal[] = [];
    do {
      const literal = literalAt(bytes, at + 1) ?? fail();
      row.push(literal);
      at = literal.to + (literal.kind === 'text' ? 1 : 0);
    } while (bytes[at] === COMMA);
    if (bytes[at] !== CLOSE || row.length !== columns.length) fail();
    yield row;
    at += 1;
    if (bytes[at] === SEMICOLON && at + 1 === bytes.length) return;
    if (bytes[at] !== COMMA) fail();
    at += 1;
    // MariaDB begins a line with each row.
    while (bytes[at] === 0x0a || bytes[at] === 0x0d) at += 1;
  }
}

function literalAt(bytes: Buffer, at: number): Literal | null {
  const startsWith = (word: Buffer): boolean => bytes.subarray(at, at + word.length).equals(word);
  const first = bytes[at] ?? 0;
  if (first === QUOTE) return textAt(bytes, at + 1);
  if (first === ZERO && startsWith(HEX)) {
    const to = endOf(bytes, at + 2, HEX_DIGITS);
    return to > at + 2 ? { kind: 'hex', from: at + 2, to } : null;
  }
  if (first === NULL[0] && startsWith(NULL)) return { kind: 'null', from: at, to: at + NULL.length };
  if (first === BINARY[0] && startsWith(BINARY) && bytes[at + BINARY.length] === QUOTE)
    return textAt(bytes, at + BINARY.length + 1);
  const to = endOf(bytes, at, OF_NUMBERS);
  return to > at ? { kind: 'number', from: at, to } : null;
}

function textAt(bytes: Buffer, from: number): Literal | null {
  for (let at = from; at < bytes.length; at += 1) {
    const byte = bytes[at];
    if (byte === BACKSLASH) at += 1;
    else if (byte === QUOTE && bytes[at + 1] === QUOTE) at += 1;
    else if (byte === QUOTE) return { kind: 'text', from, to: at };
  }
  return null;
}

/** Behind the last byte of that kind. */
function endOf(bytes: Buffer, from: number, fits: Uint8Array): number {
  const { length } = bytes;
  let at = from;
  while (at < length && fits[bytes[at] ?? 0] === 1) at += 1;
  return at;
}

/** By byte, 1 for these characters. */
function tableOf(characters: string): Uint8Array {
  const table = new Uint8Array(256);
  for (const byte of Buffer.from(characters)) table[byte] = 1;
  return table;
}

/** What a literal stands for: the bytes, or the text as UTF-8. */
export function bytesOf(bytes: Buffer, { kind, from, to }: Literal): Buffer {
  if (kind === 'hex') return Buffer.from(bytes.toString('latin1', from, to), 'hex');
  if (kind !== 'text') return bytes.subarray(from, to);
  const plain = Buffer.allocUnsafe(to - from);
  let filled = 0;
  for (let at = from; at < to; at += 1) {
    const byte = bytes[at] ?? 0;
    const isEscape = byte === BACKSLASH;
    if (isEscape || byte === QUOTE) at += 1;
    const meant = bytes[at] ?? 0;
    plain[filled] = isEscape ? (ESCAPED.get(meant) ?? meant) : byte;
    filled += 1;
  }
  return plain.subarray(0, filled);
}

/** `\0`, `\b`, `\n`, `\r`, `\t` and `\Z`. */
const ESCAPED: ReadonlyMap<number, number> = new Map([
  [0x30, 0x00],
  [0x62, 0x08],
  [0x6e, 0x0a],
  [0x72, 0x0d],
  [0x74, 0x09],
  [0x5a, 0x1a],
]);
