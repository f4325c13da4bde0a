import { closeSync, constants, fstatSync, openSync, readFileSync, readSync } from 'node:fs';
import { DetentError } from '../errors.ts';
import { checksumOf, plainChecksum, textOf } from './checksum.ts';
import { unreadable } from './walk.ts';

/** A link is not followed, and a pipe that took the file's place is not waited for. Windows has neither flag. */
const FLAGS = constants.O_RDONLY | (constants.O_NOFOLLOW ?? 0) | (constants.O_NONBLOCK ?? 0);

/** Most migrations are smaller; one buffer for all of them spares an allocation and a system call for each. */
const shared = Buffer.allocUnsafe(64 * 1024);

/** Numbers go to the operating system as they are; the type only knows words. */
const AS_TEXT = { encoding: 'utf8', flag: FLAGS as unknown as string } as const;

const SPACE = 0x20;
const DELETE = 0x7f;

/**
 * The text of a file that nothing is odd about, in one call: valid UTF-8, without NUL or CR, begun by a visible character
 * of ASCII. `null` for any other, whose bytes are to be looked at.
 */
export function readPlain(filepath: string): string | null {
  const text = readFileSync(filepath, AS_TEXT);
  const first = text.charCodeAt(0);
  if (!(first > SPACE && first < DELETE)) return null;
  return text.includes('\r') || text.includes('\0') || text.includes('\u{FFFD}') ? null : text;
}

/**
 * The bytes of the regular file at `filepath`, which is no link. They are valid until the next call.
 */
export function readBytes(filepath: string): Buffer {
  const descriptor = openSync(filepath, FLAGS);
  try {
    const length = readSync(descriptor, shared, 0, shared.length, 0);
    if (length < shared.length && length > 0) return shared.subarray(0, length);
    if (!fstatSync(descriptor).isFile())
      throw new DetentError('FILE_UNREADABLE', `${filepath} is not a regular file.`, { hint: 'Put the file back.' });
    return length === 0 ? shared.subarray(0, 0) : readFileSync(descriptor);
  } finally {
    closeSync(descriptor);
  }
}

/** The text of a script, the same that was hashed. A class, because a folder may hold ten thousand. */
export class ScriptContent {
  readonly kind = 'script';
  readonly file: string;
  readonly #filepath: string;
  readonly #rawChecksum: string;

  constructor(filepath: string, file: string, rawChecksum: string) {
    this.file = file;
    this.#filepath = filepath;
    this.#rawChecksum = rawChecksum;
  }

  async text(): Promise<string> {
    return readUnchanged(this.#filepath, this.file, this.#rawChecksum);
  }
}

/** A module that is imported from its file, the same that was hashed. */
export class CodeContent {
  readonly kind = 'code';
  readonly file: string;
  readonly #filepath: string;
  readonly #rawChecksum: string;

  constructor(filepath: string, file: string, rawChecksum: string) {
    this.file = file;
    this.#filepath = filepath;
    this.#rawChecksum = rawChecksum;
  }

  async source(): Promise<string> {
    return readUnchanged(this.#filepath, this.file, this.#rawChecksum);
  }

  async module(): Promise<unknown> {
    readUnchanged(this.#filepath, this.file, this.#rawChecksum);
    const { loadModule } = await import('./load.ts');
    return loadModule(this.#filepath, this.file, this.#rawChecksum);
  }
}

function readUnchanged(filepath: string, file: string, rawChecksum: string): string {
  const { text, checksum } = readNow(filepath, file);
  if (checksum !== rawChecksum) throw changed(file, 'is not what it was');
  return text;
}

function readNow(filepath: string, file: string): { readonly text: string; readonly checksum: string } {
  try {
    const text = readPlain(filepath);
    if (text !== null) return { text, checksum: plainChecksum(text) };
    const bytes = readBytes(filepath);
    return { text: textOf(bytes), checksum: checksumOf(bytes).rawChecksum };
  } catch (thrown) {
    throw thrown instanceof Error && 'code' in thrown && thrown.code === 'ENOENT'
      ? changed(file, 'is gone')
      : unreadable(file, thrown);
  }
}

function changed(file: string, what: string): DetentError {
  return new DetentError('FILE_CHANGED', `${file} ${what} since the files were read.`, {
    hint: 'Run the command again when nothing writes to the folder.',
    facts: { place: { file } },
  });
}
