import { DetentError, type Place } from '@detent/core';

/** A script's text with the means to say where in it something is. Offsets are UTF-16 units from 0. */
export interface Source {
  readonly text: string;
  readonly file: string;
  /** Of the first character after a byte order mark. */
  readonly from: number;
  place(offset: number): Place & { readonly line: number; readonly column: number };
  syntaxError(offset: number, message: string, hint: string): DetentError;
}

/** Throws `SCRIPT_SYNTAX` for text that holds a NUL character, which no server takes. */
export function openSource(text: string, file: string): Source {
  const from = text.charCodeAt(0) === 0xfe_ff ? 1 : 0;
  const locate = locator(text, from);
  const source: Source = {
    text,
    file,
    from,
    place: (offset) => ({ file, ...locate(offset) }),
    syntaxError: (offset, message, hint) =>
      new DetentError('SCRIPT_SYNTAX', message, { hint, facts: { place: source.place(offset) } }),
  };
  const nul = text.indexOf('\0');
  if (nul !== -1) {
    throw source.syntaxError(
      nul,
      `${file} holds a NUL character.`,
      'Save the file as UTF-8 text; a NUL often means UTF-16 or a file that is no text.',
    );
  }
  return source;
}

/** Lines and columns count from 1. Asking in rising order reads the text once. */
function locator(text: string, from: number): (offset: number) => { line: number; column: number } {
  let line = 1;
  let lineStart = from;
  let nextBreak = text.indexOf('\n', from);
  return (offset) => {
    if (offset < lineStart) {
      line = 1;
      lineStart = from;
      nextBreak = text.indexOf('\n', from);
    }
    while (nextBreak !== -1 && nextBreak < offset) {
      line += 1;
      lineStart = nextBreak + 1;
      nextBreak = text.indexOf('\n', lineStart);
    }
    return { line, column: offset - lineStart + 1 };
  };
}
