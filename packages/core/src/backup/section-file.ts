import { createHash } from 'node:crypto';
import { open } from 'node:fs/promises';

/**
 * A backup is one file: a first line that names the format, then sections. Each begins with a line of JSON that says what
 * it is, and goes on in pieces, each behind its length in four bytes; a piece of no length ends it.
 */
export interface SectionWriter {
  /** Begins a section, after ending the one before. */
  section(header: object): Promise<void> | undefined;
  /** Gives a promise when the disk has to be waited for; the bytes may be changed when it is done. */
  write(bytes: Uint8Array): Promise<void> | undefined;
  /** Ends the file, and waits until the disk has it. */
  finish(): Promise<{ readonly bytes: number; readonly hash: string }>;
  /** Closes it as it is. Never throws. */
  abandon(): Promise<void>;
}

const NEWLINE = 0x0a;
const BLOCK = 1 << 20;

/** `path` must not be there; nobody else may read it. `format`: the first line. */
export async function createSectionFile(path: string, format: string): Promise<SectionWriter> {
  const file = await open(path, 'wx', 0o600);
  const digest = createHash('sha256');
  /** One is filled while the other is being written, so that memory does not grow with the backup. */
  let block = Buffer.allocUnsafe(BLOCK);
  let spare = Buffer.allocUnsafe(BLOCK);
  let filled = 0;
  let bytes = 0;
  let isOpen = false;
  let writing: Promise<void> = Promise.resolve();

  const put = async (full: Uint8Array): Promise<void> => {
    for (let at = 0; at < full.length;) at += (await file.write(full, at)).bytesWritten;
  };
  const flush = (): void => {
    const full = block.subarray(0, filled);
    digest.update(full);
    bytes += filled;
    filled = 0;
    [block, spare] = [spare, block];
    writing = put(full);
    // Whoever writes next hears of it.
    writing.catch(() => undefined);
  };
  const copy = (piece: Uint8Array): Uint8Array => {
    const fitting = piece.subarray(0, BLOCK - filled);
    block.set(fitting, filled);
    filled += fitting.length;
    return piece.subarray(fitting.length);
  };
  const addSlowly = async (piece: Uint8Array): Promise<void> => {
    for (let rest = piece; ; rest = copy(rest)) {
      if (filled === BLOCK) {
        await writing;
        flush();
      }
      if (rest.length === 0) return;
    }
  };
  const add = (piece: Uint8Array): Promise<void> | undefined => {
    const rest = copy(piece);
    return filled === BLOCK ? addSlowly(rest) : undefined;
  };
  const end = async (): Promise<void> => (isOpen ? add(lengthOf(0)) : undefined);

  await add(Buffer.from(`${format}\n`));
  return {
    async section(header) {
      await end();
      isOpen = true;
      await add(Buffer.from(`${JSON.stringify(header)}\n`));
    },
    write(piece) {
      if (piece.length === 0) return undefined;
      const waiting = add(lengthOf(piece.length));
      return waiting === undefined ? add(piece) : waiting.then(() => add(piece));
    },
    async finish() {
      await end();
      await writing;
      flush();
      await writing;
      await file.sync();
      await file.close();
      return { bytes, hash: `sha256:${digest.digest('hex')}` };
    },
    async abandon() {
      await writing.catch(() => undefined);
      await file.close().catch(() => undefined);
    },
  };
}

export interface Section {
  readonly header: Readonly<Record<string, unknown>>;
  /** Read before the next section is asked for; what is not read is passed over. */
  readonly pieces: AsyncIterable<Buffer>;
}

/** Throws for a file of another format, or that ends too early. */
export async function* readSections(path: string, format: string): AsyncGenerator<Section> {
  const file = await open(path, 'r');
  try {
    const read = byBlocks(file);
    if ((await read.line()) !== format) throw new Error(`it is no file of the format ${format}`);
    for (let line = await read.line(); line !== null; line = await read.line()) {
      const pieces = piecesOf(read);
      yield { header: JSON.parse(line) as Record<string, unknown>, pieces };
      for await (const _ of pieces) continue;
    }
  } finally {
    await file.close();
  }
}

/** The whole content of a section that holds JSON. */
export async function jsonOf({ pieces }: Section): Promise<unknown> {
  const found: Buffer[] = [];
  for await (const piece of pieces) found.push(piece);
  return JSON.parse(Buffer.concat(found).toString('utf8'));
}

interface Blocks {
  /** `null` at the end of the file. */
  line(): Promise<string | null>;
  take(length: number): Promise<Buffer>;
}

function byBlocks(file: {
  read(buffer: Buffer, offset: number, length: number): Promise<{ bytesRead: number }>;
}): Blocks {
  let block: Buffer = Buffer.alloc(0);
  const fill = async (length: number): Promise<boolean> => {
    while (block.length < length) {
      const more = Buffer.allocUnsafe(Math.max(BLOCK, length - block.length));
      const { bytesRead } = await file.read(more, 0, more.length);
      if (bytesRead === 0) return false;
      block = block.length === 0 ? more.subarray(0, bytesRead) : Buffer.concat([block, more.subarray(0, bytesRead)]);
    }
    return true;
  };
  const cut = (length: number): Buffer => {
    const taken = block.subarray(0, length);
    block = block.subarray(length);
    return taken;
  };
  return {
    async line() {
      for (;;) {
        const end = block.indexOf(NEWLINE);
        if (end !== -1) return cut(end + 1).toString('utf8', 0, end);
        if (await fill(block.length + 1)) continue;
        if (block.length > 0) throw new Error('it ends too early');
        return null;
      }
    },
    async take(length) {
      if (!(await fill(length))) throw new Error('it ends too early');
      return cut(length);
    },
  };
}

/** Iterated twice, it goes on where it stood. */
function piecesOf(read: Blocks): AsyncIterable<Buffer> {
  let ended = false;
  async function next(): Promise<IteratorResult<Buffer, undefined>> {
    if (!ended) {
      const length = (await read.take(4)).readUInt32BE(0);
      if (length > 0) return { done: false, value: await read.take(length) };
      ended = true;
    }
    return { done: true, value: undefined };
  }
  return { [Symbol.asyncIterator]: () => ({ next }) };
}

function lengthOf(length: number): Buffer {
  const bytes = Buffer.allocUnsafe(4);
  bytes.writeUInt32BE(length, 0);
  return bytes;
}
