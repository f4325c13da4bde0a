import { hash } from 'node:crypto';
import { DetentError, type Problem } from '../errors.ts';

export interface Checksums {
  /** `v1:sha256:<hex>` of the canonical bytes: without a byte order mark, every line ended by LF. */
  readonly checksum: string;
  /** The same of the bytes as they are. */
  readonly rawChecksum: string;
}

const LF = 10;
const CR = 13;

/** Both hashes; computed once where the bytes are canonical already. */
export function checksumOf(bytes: Buffer): Checksums {
  const rawChecksum = `v1:sha256:${hash('sha256', bytes)}`;
  if (!hasByteOrderMark(bytes) && !bytes.includes(CR)) return { checksum: rawChecksum, rawChecksum };
  return { checksum: `v1:sha256:${hash('sha256', canonical(bytes))}`, rawChecksum };
}

/** Both hashes of text in canonical form. */
export function plainChecksum(text: string): string {
  return `v1:sha256:${hash('sha256', text)}`;
}

/** The text that is run: as in the file, without its byte order mark. */
export function textOf(bytes: Buffer): string {
  return bytes.toString('utf8', hasByteOrderMark(bytes) ? 3 : 0);
}

export type ChecksumMatch = 'same' | 'canonical-only' | 'different';

/**
 * How a file compares with what was applied. Either hash is enough; `canonical-only` means that only line ends or a
 * byte order mark changed. A twin counts as the file itself, and a baseline row, which has no hash, fits every file.
 */
export function matchesChecksum(
  entry: { readonly checksum: string | null; readonly rawChecksum: string | null },
  file: Checksums & { readonly twin?: Checksums | null },
): ChecksumMatch {
  if (entry.checksum === null || entry.rawChecksum === file.rawChecksum) return 'same';
  const candidates = file.twin ? [file, file.twin] : [file];
  if (candidates.some((candidate) => candidate.rawChecksum === entry.rawChecksum)) return 'same';
  return candidates.some((candidate) => candidate.checksum === entry.checksum) ? 'canonical-only' : 'different';
}

/** `FILE_ENCODING` for what is not UTF-8 text, `FILE_UNREADABLE` for nothing but white space; `null` when all is well. */
export function findTextProblem(bytes: Buffer, file: string, mayBeBlank: boolean): Problem | null {
  const wide = wideEncoding(bytes);
  if (wide !== null) return encodingProblem(`${file} is written in ${wide}.`, file, 1);
  const zero = bytes.indexOf(0);
  if (zero !== -1) return encodingProblem(`${file} holds a NUL byte.`, file, lineAt(bytes, zero));
  if (!isUtf8(bytes)) return encodingProblem(`${file} is not valid UTF-8.`, file, firstInvalidLine(bytes));
  if (mayBeBlank || !isBlank(bytes)) return null;
  return new DetentError('FILE_UNREADABLE', `${file} is empty.`, {
    hint: 'Write what it is to do, or a comment that says why it does nothing.',
    facts: { place: { file } },
  });
}

function encodingProblem(message: string, file: string, line: number): Problem {
  return new DetentError('FILE_ENCODING', message, {
    hint: 'Save the file as UTF-8.',
    facts: { place: { file, line } },
  });
}

function hasByteOrderMark(bytes: Buffer): boolean {
  return bytes[0] === 0xef && bytes[1] === 0xbb && bytes[2] === 0xbf;
}

function isBlank(bytes: Buffer): boolean {
  let at = hasByteOrderMark(bytes) ? 3 : 0;
  for (let byte = bytes[at]; byte === 32 || (byte !== undefined && byte >= 9 && byte <= 13); byte = bytes[at]) at++;
  return at >= bytes.length;
}

function wideEncoding(bytes: Buffer): 'UTF-16' | 'UTF-32' | null {
  if (bytes[0] === 0xff && bytes[1] === 0xfe) return bytes[2] === 0 && bytes[3] === 0 ? 'UTF-32' : 'UTF-16';
  if (bytes[0] === 0xfe && bytes[1] === 0xff) return 'UTF-16';
  return bytes[0] === 0 && bytes[1] === 0 && bytes[2] === 0xfe && bytes[3] === 0xff ? 'UTF-32' : null;
}

function canonical(bytes: Buffer): Buffer {
  const start = hasByteOrderMark(bytes) ? 3 : 0;
  const out = Buffer.allocUnsafe(bytes.length - start);
  let length = 0;
  let from = start;
  for (let at = bytes.indexOf(CR, start); at !== -1; at = bytes.indexOf(CR, from)) {
    length += bytes.copy(out, length, from, at);
    out[length++] = LF;
    from = bytes[at + 1] === LF ? at + 2 : at + 1;
  }
  length += bytes.copy(out, length, from);
  return out.subarray(0, length);
}

function lineAt(bytes: Buffer, offset: number): number {
  let line = 1;
  for (let at = bytes.indexOf(LF); at !== -1 && at < offset; at = bytes.indexOf(LF, at + 1)) line++;
  return line;
}

/** Asked for when a file is odd: importing `node:buffer` makes every start load what it knows of files and blobs. */
function isUtf8(bytes: Buffer): boolean {
  return process.getBuiltinModule('node:buffer').isUtf8(bytes);
}

/** No character of UTF-8 holds the byte of LF, so each line can be judged by itself. */
function firstInvalidLine(bytes: Buffer): number {
  let line = 1;
  let from = 0;
  for (let at = bytes.indexOf(LF); at !== -1 && isUtf8(bytes.subarray(from, at)); at = bytes.indexOf(LF, from)) {
    line++;
    from = at + 1;
  }
  return line;
}
