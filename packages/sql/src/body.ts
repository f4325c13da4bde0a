import type { Dialect } from './dialect.ts';
import type { Lexer } from './lexer.ts';
import { routineBody } from './routine.ts';

/** Follows a statement that may hold other statements, so that their semicolons do not end it. */
export interface Body {
  /** Takes the next token that is no comment; a terminator only while `open` is not `null`. */
  take(lexer: Lexer): void;
  /** Where the outermost block begins that is not closed yet; `null` outside of any. */
  open(): number | null;
}

/** For a statement whose first token `lexer` has just read; `null` when such a statement has no body. */
export function openBody(dialect: Dialect, lexer: Lexer): Body | null {
  const word = lexer.kind === 'word' ? lexer.upper : null;
  switch (dialect.bodies) {
    case 'trigger':
      return word === 'CREATE' ? triggerBody() : null;
    case 'atomic':
      return word === 'CREATE' ? atomicBody() : null;
    case 'routine':
      return routineBody(word, lexer, dialect.bareBlocks);
  }
}

/**
 * SQLite: a body is over at the `END` that stands where a statement would begin. `END` is an ordinary name
 * elsewhere, and the end of `CASE`.
 */
function triggerBody(): Body {
  let phase: 'head' | 'trigger' | 'other' = 'head';
  let begin: number | null = null;
  let statements = 0;
  let previous = '';
  return {
    take(lexer) {
      const token = lexer.kind === 'word' ? lexer.upper : lexer.kind;
      if (phase === 'head') {
        if (token === 'TRIGGER') phase = 'trigger';
        else if (token !== 'CREATE' && token !== 'TEMP' && token !== 'TEMPORARY') phase = 'other';
      } else if (phase === 'trigger') {
        if (token === 'BEGIN' && statements === 0) begin = lexer.start;
        else if (token === 'END' && (previous === 'terminator' || previous === 'BEGIN')) {
          begin = null;
          phase = 'other';
        }
        if (token === 'terminator') statements += 1;
      }
      previous = token;
    },
    open: () => begin,
  };
}

/**
 * PostgreSQL: `BEGIN ATOMIC … END` of a function, and the parentheses of a rule. Each statement of the body has its
 * semicolon, so only an END behind one closes it: another belongs to a CASE, or is the name of a column.
 */
function atomicBody(): Body {
  let phase: 'head' | 'function' | 'rule' | 'other' = 'head';
  let begin: number | null = null;
  let depth = 0;
  let previous = '';
  let previousStart = 0;

  const takeFunction = (token: string): void => {
    if (begin !== null) {
      if (token === 'END' && (previous === 'terminator' || previous === 'ATOMIC')) {
        begin = null;
        phase = 'other';
      }
    } else if (token === '(') depth += 1;
    else if (token === ')') depth -= 1;
    // In parentheses it is a parameter with its type.
    else if (depth === 0 && token === 'ATOMIC' && previous === 'BEGIN') begin = previousStart;
  };
  const takeRule = (token: string, start: number): void => {
    if (token === '(') {
      if (depth === 0) begin = start;
      depth += 1;
    } else if (token === ')' && depth > 0) {
      depth -= 1;
      if (depth === 0) begin = null;
    }
  };

  return {
    take(lexer) {
      if (phase === 'other') return;
      const token = lexer.kind === 'word' ? lexer.upper : lexer.kind === 'operator' ? lexer.text : lexer.kind;
      if (phase === 'function') takeFunction(token);
      else if (phase === 'rule') takeRule(token, lexer.start);
      else if (token === 'FUNCTION' || token === 'PROCEDURE') phase = 'function';
      else if (token === 'RULE') phase = 'rule';
      else if (token !== 'CREATE' && token !== 'OR' && token !== 'REPLACE') phase = 'other';
      previous = token;
      previousStart = lexer.start;
    },
    open: () => begin,
  };
}
