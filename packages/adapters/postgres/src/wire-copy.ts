import type { RawConnection, RawStream } from './driver.ts';

const COPY_DATA = 0x64;
const COPY_DONE = 0x63;
const ERROR = 0x45;
const HEADER = 5;

/**
 * Takes the messages of one COPY off the socket before the driver's parser makes an object of each row. Everything else is
 * passed on to the parser, which has the socket back as soon as the rows have ended. `take` gets the rows' bytes without
 * their frames, in pieces of any size; `broken` is called when it throws. Gives a function that waits for what is still
 * being taken.
 */
export function divert(
  stream: RawStream,
  take: (bytes: Buffer) => Promise<void> | undefined,
  broken: (error: unknown) => void,
): () => Promise<void> {
  const parsers = stream.listeners('data') as readonly ((bytes: Buffer) => void)[];
  const pass = (bytes: Buffer): void => {
    for (const parser of parsers) parser(bytes);
  };
  const header = Buffer.alloc(HEADER);
  /** Of the header, and of the message behind it. */
  let known = 0;
  let left = 0;
  let isRow = false;
  let taken: Promise<void> = Promise.resolve();

  const giveBack = (): void => {
    stream.off('data', onData);
    for (const parser of parsers) stream.on('data', parser);
  };
  const deliver = (bytes: Buffer): void => {
    if (bytes.length === 0) return;
    try {
      const pending = take(bytes);
      if (pending === undefined) return;
      stream.pause();
      taken = pending.then(
        () => void stream.resume(),
        (error: unknown) => broken(error),
      );
    } catch (error) {
      broken(error);
    }
  };
  // Rows are moved together within the piece that came, over the headers between them.
  const onData = (piece: Buffer): void => {
    let at = 0;
    let end = 0;
    while (at < piece.length) {
      if (known < HEADER) {
        while (known < HEADER && at < piece.length) header[known++] = piece[at++] ?? 0;
        if (known < HEADER) break;
        isRow = header[0] === COPY_DATA;
        left = header.readInt32BE(1) - 4;
        if (!isRow) {
          pass(Buffer.from(header));
          if (header[0] === COPY_DONE || header[0] === ERROR) {
            deliver(piece.subarray(0, end));
            giveBack();
            if (at < piece.length) pass(piece.subarray(at));
            return;
          }
        }
      }
      const length = Math.min(left, piece.length - at);
      if (!isRow) pass(piece.subarray(at, at + length));
      else if (end !== at) piece.copyWithin(end, at, at + length);
      if (isRow) end += length;
      at += length;
      left -= length;
      if (left === 0) known = 0;
    }
    deliver(piece.subarray(0, end));
  };

  for (const parser of parsers) stream.off('data', parser);
  stream.on('data', onData);
  return () => taken;
}

/** Sends what `source` gives as rows of a COPY, no faster than the server takes them, and ends it. */
export async function pump(
  connection: RawConnection,
  source: AsyncIterable<Uint8Array>,
  isOver: () => boolean,
): Promise<void> {
  const { stream } = connection;
  for await (const bytes of source) {
    if (isOver()) return;
    const header = Buffer.alloc(HEADER);
    header[0] = COPY_DATA;
    header.writeInt32BE(bytes.length + 4, 1);
    stream.write(header);
    if (!stream.write(bytes)) await drained(stream);
  }
  if (!isOver()) connection.endCopyFrom();
}

function drained(stream: RawStream): Promise<void> {
  return new Promise((resolve) => {
    const done = (): void => {
      stream.off('drain', done);
      stream.off('close', done);
      resolve();
    };
    stream.once('drain', done);
    stream.once('close', done);
  });
}
