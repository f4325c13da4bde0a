import type { Connection } from './driver.ts';
import { failureOf } from './errors.ts';

/** Enough for any statement that a person wrote; a generated one may go without a caret. */
const MOST_TRIES = 300;

/** Where in `text` SQLite saw the error, counting characters from 0; `null` when its message does not say. */
export function findPosition(connection: Connection, text: string, message: string): number | null {
  const near = /^near "(.*)": syntax error$/s.exec(message)?.[1];
  if (near !== undefined) return findToken(connection, text, near, message);
  const unrecognised = /^unrecognized token: "(.*)"$/s.exec(message)?.[1];
  if (unrecognised !== undefined) return findToken(connection, text, unrecognised, message);
  if (message === 'incomplete input') return text.length;
  const name = NAMES.map((pattern) => pattern.exec(message)?.[1]).find((found) => found !== undefined);
  return name === undefined ? null : findName(text, name);
}

const NAMES = [
  /^no such (?:table|column|index|trigger|view|function|collation sequence|module): (.+?)(?: - should this .*)?$/s,
  /^table .+ has no column named (.+)$/s,
  /^(?:table|view|index|trigger) "?(.+?)"? already exists$/s,
  /^there is already (?:a table|an index|another table or index with this name:?) (?:named )?(.+)$/s,
  /^duplicate column name: (.+)$/s,
  /^ambiguous column name: (.+)$/s,
  /^unknown column "(.+)" in foreign key definition$/s,
  /^wrong number of arguments to function (.+)\(\)$/s,
];

/**
 * SQLite's parser stops at the first token that cannot stand where it stands, and names it without saying which of its
 * occurrences it is: the first one at which the text up to and with it fails in the same words. Preparing runs nothing.
 */
function findToken(connection: Connection, text: string, token: string, message: string): number | null {
  let from = 0;
  for (let tries = 0; tries < MOST_TRIES; tries += 1) {
    const at = text.indexOf(token, from);
    if (at < 0) return null;
    if (!isInsideWord(text, at, token) && failsWith(connection, text.slice(0, at + token.length), message)) return at;
    from = at + 1;
  }
  return null;
}

function failsWith(connection: Connection, text: string, message: string): boolean {
  try {
    connection.check(text);
    return false;
  } catch (error) {
    return failureOf(error)?.message === message;
  }
}

function findName(text: string, name: string): number | null {
  const bare = name.slice(name.lastIndexOf('.') + 1);
  for (const wanted of new Set([name, bare])) {
    const lower = text.toLowerCase();
    for (let at = lower.indexOf(wanted.toLowerCase()); at >= 0; at = lower.indexOf(wanted.toLowerCase(), at + 1)) {
      if (!isInsideWord(text, at, wanted)) return at;
    }
  }
  return null;
}

function isInsideWord(text: string, at: number, token: string): boolean {
  const word = /[\p{L}\p{N}_$]/u;
  const joins = (left: string | undefined, right: string | undefined): boolean =>
    left !== undefined && right !== undefined && word.test(left) && word.test(right);
  return joins(text[at - 1], token[0]) || joins(token.at(-1), text[at + token.length]);
}
