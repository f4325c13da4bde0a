import { translate } from './errors.ts';
import type { Link } from './link.ts';
import { Refused, type Answer } from './wire.ts';

/** One message: what goes before a statement of a migration, the statement, and what is asked behind it. */
export interface Message {
  readonly head: readonly string[];
  readonly text: string;
  readonly tail: readonly string[];
}

export interface Came {
  /** Of the statement; a CALL gives several. */
  readonly answers: readonly Answer[];
  /** Of the tail, as far as it came. */
  readonly tail: readonly Answer[];
  readonly refused: Refused | null;
}

/** So much of a statement goes into one message with others, since the server takes only so much at once. */
export const TOGETHER: number = 1 << 16;

/**
 * Detent's own statements as one, where the server knows blocks: each answer is a packet of its own, which wakes the client. A
 * COMMIT stays outside, as a block that is stopped behind one says that it failed.
 */
export function bundled(link: Link, texts: readonly string[]): readonly string[] {
  const end = texts.at(-1) === 'COMMIT' ? -1 : texts.length;
  const own = texts.slice(0, end);
  if (own.length < 2 || !link.isPlain || link.known()?.product !== 'MariaDB') return texts;
  return [`BEGIN NOT ATOMIC\n${own.join(';\n')};\nEND`, ...texts.slice(end)];
}

/**
 * Sends it; calls `onHead` when the head is through. Throws `Refused` where the statement was refused or the connection broke,
 * and typed errors where the head was refused: then the statement did not run. A tail has to stand behind a statement that gives one answer, without rows.
 */
export async function send(link: Link, { head, text, tail }: Message, onHead: () => void): Promise<Came> {
  const { wire } = link;
  const isLong = text.length > TOGETHER;
  if (isLong && head.length > 0) await link.ask(...head);
  const before = isLong ? [] : bundled(link, head);
  try {
    const answers = await wire.run(...before, text, ...tail);
    onHead();
    const end = answers.length - tail.length;
    return { answers: answers.slice(before.length, end), tail: answers.slice(end), refused: null };
  } catch (error) {
    // Nobody knows how much of it the server has executed.
    if (!(error instanceof Refused) || error.failure.kind === 'lost') throw error;
    if (error.answers.length < before.length) throw translate(error, link.target);
    onHead();
    const [own, ...rest] = error.answers.slice(before.length);
    if (tail.length === 0 || own === undefined) throw error;
    // What was asked behind it was refused, and changes nothing.
    wire.trust();
    return { answers: [own], tail: rest, refused: error };
  }
}
