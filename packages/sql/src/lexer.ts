import {
  APOSTROPHE,
  BACKSLASH,
  BACKSLASH_CODE,
  DASH,
  DASH_CODE,
  DIGIT,
  DOLLAR,
  DOLLAR_CODE,
  DOT_CODE,
  HASH,
  QUOTE,
  SEMICOLON,
  SLASH,
  SLASH_CODE,
  SPACE,
  STAR,
  STAR_CODE,
  WORD,
  classOf,
  isWordPart,
} from './characters.ts';
import type { Dialect } from './dialect.ts';
import type { Source } from './source.ts';

/**
 * `quoted` is a quoted identifier, `string` includes dollar quotes, `comment` is one that the server skips,
 * `conditional` the opening or closing of one that it executes, `terminator` ends a statement,
 * `meta` is a backslash where psql would read a command.
 */
export type TokenKind =
  | 'word'
  | 'quoted'
  | 'string'
  | 'number'
  | 'operator'
  | 'comment'
  | 'conditional'
  | 'terminator'
  | 'meta'
  | 'end';

/** Of PostgreSQL: white space and comments with at least one end of a line, and the quote that opens the string again. */
const CONTINUED = /(?:[ \t\f\v]|--[^\n\r]*)*[\n\r](?:[ \t\f\v\n\r]|--[^\n\r]*[\n\r])*'/y;

/**
 * Reads tokens one at a time, in one pass and in linear time; `start` and `end` are the last token's place in the text.
 * Throws `SCRIPT_SYNTAX` at the opening of whatever is not closed.
 */
export class Lexer {
  kind: TokenKind = 'end';
  start: number;
  end: number;
  /** What ends a statement; `null` is the semicolon. */
  delimiter: string | null = null;

  readonly #source: Source;
  readonly #text: string;
  readonly #dialect: Dialect;
  readonly #slashOpensConditional: boolean;
  #conditionals: number[] = [];

  constructor(source: Source, dialect: Dialect) {
    this.#source = source;
    this.#text = source.text;
    this.#dialect = dialect;
    this.#slashOpensConditional = dialect.conditionalComments.length > 0;
    this.start = source.from;
    this.end = source.from;
  }

  next(): TokenKind {
    this.kind = this.#read();
    return this.kind;
  }

  /** The last token as written. */
  get text(): string {
    return this.#text.slice(this.start, this.end);
  }

  /** The last token in upper case, for comparing with keywords. */
  get upper(): string {
    return this.text.toUpperCase();
  }

  #read(): TokenKind {
    const text = this.#text;
    const length = text.length;
    let at = this.end;
    while (at < length && classOf(text.charCodeAt(at)) === SPACE) at += 1;
    this.start = at;
    this.end = at + 1;
    if (at >= length) return this.#readEnd(length);
    if (this.delimiter !== null && this.#conditionals.length === 0 && this.#isDelimiter(at)) {
      this.end = at + this.delimiter.length;
      return 'terminator';
    }
    const code = text.charCodeAt(at);
    switch (classOf(code)) {
      case WORD:
        return this.#readWord(at, code);
      case DIGIT:
        return this.#readNumber(at);
      case QUOTE:
        return this.#readQuoted(at, code);
      case SEMICOLON:
        return this.delimiter === null && this.#conditionals.length === 0 ? 'terminator' : 'operator';
      case DASH:
        return this.#opensDashComment(at) ? this.#readLineComment() : 'operator';
      case SLASH:
        return text.charCodeAt(at + 1) === STAR_CODE ? this.#readComment(at) : 'operator';
      case STAR:
        return this.#closesConditional(at) ? 'conditional' : 'operator';
      case HASH:
        return this.#dialect.hashComments ? this.#readLineComment() : 'operator';
      case DOLLAR:
        return this.#dialect.dollarQuotes ? this.#readDollar(at) : this.#readWord(at, code);
      case BACKSLASH:
        return this.#dialect.psql ? 'meta' : 'operator';
      default:
        return 'operator';
    }
  }

  #readEnd(length: number): TokenKind {
    this.end = length;
    const open = this.#conditionals[0];
    if (open !== undefined) throw this.#unclosed(open, 'conditional comment', '*/');
    return 'end';
  }

  #readWord(at: number, code: number): TokenKind {
    const text = this.#text;
    if (this.#dialect.eStrings && (code === 0x45 || code === 0x65) && text.charCodeAt(at + 1) === APOSTROPHE) {
      this.end = this.#endOfString(at + 1, APOSTROPHE, true);
      // The string goes on in the next line, where a backslash means as much as in the first.
      for (let open = this.#continuation(); open !== null; open = this.#continuation())
        this.end = this.#endOfString(open, APOSTROPHE, true);
      return 'string';
    }
    // A delimiter such as `$$` or `|` may touch the word before it, and `$` belongs to words.
    const border = this.delimiter === null ? -1 : this.delimiter.charCodeAt(0);
    let end = at + 1;
    for (; end < text.length; end += 1) {
      const next = text.charCodeAt(end);
      if (!isWordPart(next)) break;
      if (next === border && classOf(border) !== WORD && this.#isDelimiter(end)) break;
    }
    this.end = end;
    return 'word';
  }

  #readNumber(at: number): TokenKind {
    const text = this.#text;
    let end = at + 1;
    for (; end < text.length; end += 1) {
      const next = text.charCodeAt(end);
      if (next === DOT_CODE) {
        if (text.charCodeAt(end + 1) === DOT_CODE) break;
      } else if (!isWordPart(next) || (next === DOLLAR_CODE && this.delimiter !== null)) break;
    }
    this.end = end;
    return 'number';
  }

  #readQuoted(at: number, code: number): TokenKind {
    const quote = String.fromCharCode(code);
    if (this.#dialect.stringQuotes.includes(quote)) {
      this.end = this.#endOfString(at, code, this.#dialect.backslashEscapes);
      return 'string';
    }
    if (!this.#dialect.identifierQuotes.includes(quote)) return 'operator';
    this.end = this.#endOfQuoted(at, quote === '[' ? ']' : quote, 'quoted identifier');
    return 'quoted';
  }

  #endOfString(open: number, quote: number, backslashes: boolean): number {
    if (!backslashes) return this.#endOfQuoted(open, String.fromCharCode(quote), 'string');
    const text = this.#text;
    for (let at = open + 1; at < text.length; at += 1) {
      const code = text.charCodeAt(at);
      if (code === BACKSLASH_CODE) at += 1;
      else if (code === quote) {
        if (text.charCodeAt(at + 1) !== quote) return at + 1;
        at += 1;
      }
    }
    throw this.#unclosed(open, 'string', String.fromCharCode(quote));
  }

  #endOfQuoted(open: number, close: string, what: string): number {
    const text = this.#text;
    for (let at = open + 1; ; at += 2) {
      at = text.indexOf(close, at);
      if (at === -1) throw this.#unclosed(open, what, close);
      // `]` has no doubled form.
      if (close === ']' || text[at + 1] !== close) return at + 1;
    }
  }

  /** Where the string that has just ended goes on, behind the end of its line; `null` where it does not. */
  #continuation(): number | null {
    CONTINUED.lastIndex = this.end;
    return CONTINUED.test(this.#text) ? CONTINUED.lastIndex - 1 : null;
  }

  #opensDashComment(at: number): boolean {
    if (this.#text.charCodeAt(at + 1) !== DASH_CODE) return false;
    if (!this.#dialect.dashNeedsSpace || at + 2 >= this.#text.length) return true;
    return this.#text.charCodeAt(at + 2) <= 0x20;
  }

  #readLineComment(): TokenKind {
    const text = this.#text;
    if (this.#dialect.returnEndsComment) {
      let at = this.end;
      for (; at < text.length; at += 1) {
        const code = text.charCodeAt(at);
        if (code === 0x0a || code === 0x0d) break;
      }
      this.end = at;
    } else {
      const at = text.indexOf('\n', this.end);
      this.end = at === -1 ? text.length : at;
    }
    return 'comment';
  }

  #readComment(open: number): TokenKind {
    const text = this.#text;
    if (this.#slashOpensConditional && this.#opensConditional(open)) return 'conditional';
    if (!this.#dialect.nestedComments) {
      const close = text.indexOf('*/', open + 2);
      if (close === -1) throw this.#unclosed(open, 'comment', '*/');
      this.end = close + 2;
      return 'comment';
    }
    let depth = 1;
    let at = open + 2;
    while (depth > 0) {
      const code = text.charCodeAt(at);
      const next = text.charCodeAt(at + 1);
      if (Number.isNaN(code)) throw this.#unclosed(open, 'comment', '*/');
      const opens = code === SLASH_CODE && next === STAR_CODE;
      const closes = code === STAR_CODE && next === SLASH_CODE;
      if (opens) depth += 1;
      if (closes) depth -= 1;
      at += opens || closes ? 2 : 1;
    }
    this.end = at;
    return 'comment';
  }

  #opensConditional(open: number): boolean {
    const opening = this.#dialect.conditionalComments.find((prefix) => this.#text.startsWith(prefix, open));
    if (opening === undefined) return false;
    this.#conditionals.push(open);
    let end = open + opening.length;
    while (classOf(this.#text.charCodeAt(end)) === DIGIT) end += 1;
    this.end = end;
    return true;
  }

  #closesConditional(at: number): boolean {
    if (this.#conditionals.length === 0 || this.#text.charCodeAt(at + 1) !== SLASH_CODE) return false;
    this.#conditionals.pop();
    this.end = at + 2;
    return true;
  }

  #readDollar(open: number): TokenKind {
    const text = this.#text;
    let end = open + 1;
    for (let code = text.charCodeAt(end); code !== DOLLAR_CODE; code = text.charCodeAt(end)) {
      // `$1` is a parameter, and a tag cannot begin with a digit.
      if (!isWordPart(code) || (end === open + 1 && classOf(code) === DIGIT)) {
        while (classOf(text.charCodeAt(this.end)) === DIGIT) this.end += 1;
        return 'operator';
      }
      end += 1;
    }
    const tag = text.slice(open, end + 1);
    const close = text.indexOf(tag, end + 1);
    if (close === -1) throw this.#unclosed(open, 'dollar quote', tag);
    this.end = close + tag.length;
    return 'string';
  }

  #isDelimiter(at: number): boolean {
    const { delimiter } = this;
    if (delimiter === null || !this.#text.startsWith(delimiter, at)) return false;
    const spelled = classOf(delimiter.charCodeAt(0)) === WORD;
    return !spelled || !isWordPart(this.#text.charCodeAt(at + delimiter.length));
  }

  #unclosed(open: number, what: string, close: string): Error {
    return this.#source.syntaxError(open, `The ${what} that opens here is never closed.`, `Close it with ${close}.`);
  }
}
