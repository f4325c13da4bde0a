import type { Socket } from 'node:net';
import { BSON, Long, Timestamp } from 'bson';
import { arrayElement, documentOf, elementsOf, serialize, type Element } from './documentdb-bson.ts';

const OP_REPLY = 1;
const OP_QUERY = 2004;
const OP_MSG = 2013;
const MORE_TO_COME = 2;
const CHECKSUM = 1;

/** A command as a client sent it, its body and its sequences of documents in one. */
export interface Command {
  readonly name: string;
  readonly elements: ReadonlyMap<string, Element>;
}

/** Gives the answer as a document. */
export type Handler = (command: Command) => Promise<Buffer>;

/** Reads the messages of one client, one after another, and answers each. */
export function serve(socket: Socket, handle: Handler): void {
  let held: Buffer = Buffer.alloc(0);
  let queue = Promise.resolve();
  socket.setNoDelay(true);
  socket.on('error', () => socket.destroy());
  socket.on('data', (data) => {
    held = held.length === 0 ? data : Buffer.concat([held, data]);
    while (held.length >= 16 && held.length >= held.readInt32LE(0)) {
      const message = held.subarray(0, held.readInt32LE(0));
      held = held.subarray(message.length);
      queue = queue
        .then(async () => {
          const answer = await answerTo(message, handle);
          if (answer !== null && !socket.destroyed) socket.write(answer);
        })
        .catch((error: unknown) => {
          process.stderr.write(`${String(error)}\n`);
          socket.destroy();
        });
    }
  });
}

async function answerTo(message: Buffer, handle: Handler): Promise<Buffer | null> {
  const id = message.readInt32LE(4);
  switch (message.readInt32LE(12)) {
    case OP_QUERY: {
      const from = message.indexOf(0, 20) + 9;
      const body = message.subarray(from);
      const answer = await handle(commandOf([...elementsOf(body)]));
      const fixed = Buffer.alloc(20);
      fixed.writeInt32LE(8, 0);
      fixed.writeInt32LE(1, 16);
      return framed(OP_REPLY, id, [fixed, answer]);
    }
    case OP_MSG: {
      const flags = message.readUInt32LE(16);
      const answer = await handle(commandOf(sectionsOf(message, flags)));
      if ((flags & MORE_TO_COME) !== 0) return null;
      const head = Buffer.alloc(5);
      return framed(OP_MSG, id, [head, stamped(answer)]);
    }
    default:
      throw new Error(`There is no operation ${message.readInt32LE(12)} here.`);
  }
}

function framed(operation: number, answerTo: number, parts: readonly Buffer[]): Buffer {
  const head = Buffer.alloc(16);
  head.writeInt32LE(
    parts.reduce((length, part) => length + part.length, 16),
    0,
  );
  head.writeInt32LE(answerTo, 8);
  head.writeInt32LE(operation, 12);
  return Buffer.concat([head, ...parts]);
}

function sectionsOf(message: Buffer, flags: number): Element[] {
  const elements: Element[] = [];
  const end = message.length - ((flags & CHECKSUM) !== 0 ? 4 : 0);
  for (let at = 20; at < end;) {
    const kind = message[at++];
    const length = message.readInt32LE(at);
    if (kind === 0) elements.unshift(...elementsOf(message.subarray(at, at + length)));
    else elements.push(sequenceOf(message.subarray(at, at + length)));
    at += length;
  }
  return elements;
}

function sequenceOf(section: Buffer): Element {
  const nameEnd = section.indexOf(0, 4);
  const documents: Buffer[] = [];
  for (let at = nameEnd + 1; at < section.length;) {
    const document = section.subarray(at, at + section.readInt32LE(at));
    documents.push(document);
    at += document.length;
  }
  const bytes = arrayElement(section.toString('utf8', 4, nameEnd), documents);
  const [element] = elementsOf(documentOf([bytes]));
  if (element === undefined) throw new Error('A section is empty.');
  return element;
}

function commandOf(elements: readonly Element[]): Command {
  return { name: elements[0]?.name ?? '', elements: new Map(elements.map((element) => [element.name, element])) };
}

/** With the times that a member of a replica set adds to every answer. */
function stamped(answer: Buffer): Buffer {
  const time = new Timestamp({ t: Math.floor(Date.now() / 1_000), i: 1 });
  const signature = { hash: new BSON.Binary(Buffer.alloc(20)), keyId: Long.fromNumber(0) };
  const times = serialize({ operationTime: time, $clusterTime: { clusterTime: time, signature } });
  return documentOf([answer.subarray(4, -1), times.subarray(4, -1)]);
}
