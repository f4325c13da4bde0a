import type { Dialect } from './dialect.ts';
import { Lexer } from './lexer.ts';
import { openSource, type Source } from './source.ts';

/**
 * A token as classification sees it: a word in upper case, a quoted name as written, `'` for a string, `0` for a
 * number, otherwise the character. Comments and the marks of conditional comments are left out.
 */
export type Token = string;

/** The tokens of one statement, read no further than asked. */
export interface StatementReader {
  /** The token at an index below 16 counted from 0; empty past the end. */
  at(index: number): Token;
  /** The same as it is written. */
  textAt(index: number): string;
  /** All tokens outside of parentheses, in order, until `visit` says `true`; gives whether it did. */
  some(visit: (token: Token, previous: Token) => boolean): boolean;
  /** The same inside parentheses too; `text` is the token as it is written. */
  someAnywhere(visit: (token: Token, previous: Token, text: string) => boolean): boolean;
}

export function readStatement(text: string, dialect: Dialect): StatementReader {
  return readSlice(openSource(text, 'statement'), dialect, 0, text.length);
}

export function readSlice(source: Source, dialect: Dialect, start: number, end: number): StatementReader {
  const lexer = lexerAt(source, dialect, start);
  const head: { readonly token: Token; readonly text: string }[] = [];
  const headAt = (index: number): { readonly token: Token; readonly text: string } | undefined => {
    while (head.length <= index) {
      const token = nextToken(lexer, end);
      head.push({ token, text: token === '' ? '' : lexer.text });
    }
    return head[index];
  };
  const scan = (visit: (token: Token, previous: Token, text: string) => boolean, deepest: number): boolean => {
    const own = lexerAt(source, dialect, start);
    let depth = 0;
    let previous = '';
    for (let token = nextToken(own, end); token !== ''; token = nextToken(own, end)) {
      if (token === ')') depth -= 1;
      if (depth <= deepest && visit(token, previous, own.text)) return true;
      if (token === '(') depth += 1;
      previous = token;
    }
    return false;
  };
  return {
    at: (index) => headAt(index)?.token ?? '',
    textAt: (index) => headAt(index)?.text ?? '',
    some: (visit) => scan(visit, 0),
    someAnywhere: (visit) => scan(visit, Number.POSITIVE_INFINITY),
  };
}

/** A name that `token` stands for, as the database compares names. */
export function nameOf(token: Token): string {
  const open = token[0] ?? '';
  if (!'"`['.includes(open)) return token.toLowerCase();
  const close = open === '[' ? ']' : open;
  return token
    .slice(1, -1)
    .replaceAll(close + close, close)
    .toLowerCase();
}

/** Of a PRAGMA, in upper case and without its schema. */
export function pragmaName(reader: StatementReader): Token {
  return reader.at(2) === '.' ? reader.at(3) : reader.at(1);
}

function lexerAt(source: Source, dialect: Dialect, start: number): Lexer {
  const lexer = new Lexer(source, dialect);
  lexer.end = start;
  return lexer;
}

/** Empty past the end. */
function nextToken(lexer: Lexer, end: number): Token {
  while (lexer.end < end) {
    switch (lexer.next()) {
      case 'word':
        return lexer.start < end ? lexer.upper : '';
      case 'quoted':
      case 'operator':
      case 'meta':
        return lexer.start < end ? lexer.text : '';
      case 'string':
        return "'";
      case 'number':
        return '0';
      case 'terminator':
        return lexer.start < end ? ';' : '';
      case 'comment':
      case 'conditional':
        break;
      case 'end':
        return '';
    }
  }
  return '';
}
