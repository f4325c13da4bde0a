import { BSON } from 'bson';

/** One element of a document, as it stands in the bytes. */
export interface Element {
  readonly name: string;
  /** Type byte, name and value. */
  readonly bytes: Buffer;
  readonly type: number;
  readonly value: Buffer;
}

/** The elements of a document, in order; no value is read. */
export function elementsOf(document: Buffer): readonly Element[] {
  const elements: Element[] = [];
  let at = 4;
  const end = document.readInt32LE(0) - 1;
  while (at < end) {
    const type = document[at] ?? 0;
    const nameEnd = document.indexOf(0, at + 1);
    const from = nameEnd + 1;
    const to = from + lengthOf(document, type, from);
    const name = document.toString('utf8', at + 1, nameEnd);
    elements.push({ name, type, bytes: document.subarray(at, to), value: document.subarray(from, to) });
    at = to;
  }
  return elements;
}

function lengthOf(bytes: Buffer, type: number, at: number): number {
  switch (type) {
    case 0x01:
    case 0x09:
    case 0x11:
    case 0x12:
      return 8;
    case 0x02:
    case 0x0d:
    case 0x0e:
      return 4 + bytes.readInt32LE(at);
    case 0x03:
    case 0x04:
    case 0x0f:
      return bytes.readInt32LE(at);
    case 0x05:
      return 5 + bytes.readInt32LE(at);
    case 0x07:
      return 12;
    case 0x08:
      return 1;
    case 0x0b: {
      const pattern = bytes.indexOf(0, at) + 1;
      return bytes.indexOf(0, pattern) + 1 - at;
    }
    case 0x0c:
      return 4 + bytes.readInt32LE(at) + 12;
    case 0x10:
      return 4;
    case 0x13:
      return 16;
    case 0x06:
    case 0x0a:
    case 0x7f:
    case 0xff:
      return 0;
    default:
      throw new Error(`BSON has no type ${type}.`);
  }
}

/** A document of these elements. */
export function documentOf(elements: readonly Buffer[]): Buffer {
  const body = Buffer.concat(elements);
  const document = Buffer.alloc(body.length + 5);
  document.writeInt32LE(document.length, 0);
  body.copy(document, 4);
  return document;
}

/** An element that is an array of documents. */
export function arrayElement(name: string, documents: readonly Buffer[]): Buffer {
  const items = documents.map((document, index) => Buffer.concat([Buffer.from(`\x03${index}\0`), document]));
  return Buffer.concat([Buffer.from(`\x04${name}\0`), documentOf(items)]);
}

/** The value of an element as JavaScript has it. */
export function valueOf(element: Element | undefined): unknown {
  if (element === undefined) return undefined;
  return BSON.deserialize(documentOf([element.bytes]), { useBigInt64: true })[element.name] as unknown;
}

export function serialize(document: Readonly<Record<string, unknown>>): Buffer {
  return Buffer.from(BSON.serialize(document, { ignoreUndefined: true }));
}

export const OK: Buffer = serialize({ ok: 1 });
