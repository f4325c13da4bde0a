import { DetentError, type Statement } from '@detent/core';
import { Refused, type Answer, type Wire } from './wire.ts';

/** One command of a message; `statement` where it is a migration's. */
export interface Part {
  readonly text: string;
  readonly statement?: Statement;
  /** Where somebody waits for the answer. */
  readonly heard?: (answer: Answer) => void;
}

/** The part of a message that the server refused, and where in it. */
export interface RefusedPart {
  /** `null` when it cannot be told. */
  readonly part: Part | null;
  /** In UTF-16 units from 0, in the text of the part. */
  readonly position: number | null;
}

// On a line of its own: a part may end in a comment.
const SEPARATOR = '\n;\n';

/** A refusal that knows the message which was refused. */
export class MessageRefused extends Refused {
  readonly parts: readonly Part[];

  constructor({ failure, answers, cause }: Refused, parts: readonly Part[]) {
    super(failure, answers, cause);
    this.parts = parts;
  }
}

/**
 * Sends several commands in one message of the simple protocol, which the server executes in order up to the first that it
 * refuses. All of them are parsed before the first is executed. `behind` as in `Wire`. Throws `MessageRefused`; `locate`
 * says which part it was.
 */
export async function send(
  wire: Wire,
  parts: readonly Part[],
  hear?: (answer: Answer, part: Part) => void,
  behind = false,
): Promise<readonly Answer[]> {
  const heard = (answer: Answer, index: number): void => {
    const part = parts[index];
    if (part === undefined) return;
    part.heard?.(answer);
    hear?.(answer, part);
  };
  try {
    return await wire.run(parts.map(({ text }) => text).join(SEPARATOR), heard, behind);
  } catch (error) {
    throw error instanceof Refused ? new MessageRefused(error, parts) : error;
  }
}

/** One command, one answer: otherwise the server reads the script in another way than Detent. */
export function expectAll(answers: readonly Answer[], parts: readonly Part[]): void {
  if (answers.length === parts.length) return;
  throw new DetentError(
    'INTERNAL',
    `The server executed ${answers.length} commands where Detent sent ${parts.length}.`,
    { hint: 'Please report the script; nothing of it stands.' },
  );
}

/** Finds the part: by the place that the server names, else by how many commands it had completed. */
export function locate({ failure, answers, parts }: MessageRefused): RefusedPart {
  if (failure.position === null) return { part: parts[answers.length] ?? null, position: null };
  // The server counts characters, JavaScript units of UTF-16.
  let left = failure.position;
  for (const part of parts) {
    const position = unitsOf(part.text, left);
    if (position !== null) return { part, position };
    left -= lengthOf(part.text) + SEPARATOR.length;
    if (left < 0) return { part, position: part.text.length };
  }
  return { part: parts.at(-1) ?? null, position: null };
}

/** The index of a character, also of the one past the end; `null` beyond. */
function unitsOf(text: string, characters: number): number | null {
  let units = 0;
  for (let count = 0; count < characters; count += 1) {
    if (units >= text.length) return null;
    units += (text.codePointAt(units) ?? 0) > 0xff_ff ? 2 : 1;
  }
  return units;
}

function lengthOf(text: string): number {
  let count = 0;
  for (let units = 0; units < text.length; count += 1) units += (text.codePointAt(units) ?? 0) > 0xff_ff ? 2 : 1;
  return count;
}

/** How many rows a statement changed; `null` when its tag does not say. */
export function rowsOf({ tag }: Answer): number | null {
  const [, count] = /^(?:INSERT \d+|UPDATE|DELETE|MERGE|COPY|MOVE) (\d+)$/.exec(tag) ?? [];
  return count === undefined ? null : Number(count);
}
