import { openBody, type Body } from './body.ts';
import type { Dialect } from './dialect.ts';
import { Lexer } from './lexer.ts';
import { openSource, type Source } from './source.ts';

/**
 * A statement's place in the text: from its first token to its last. Comments before, behind and its terminator are
 * outside, so that anything may be put behind it.
 */
export interface StatementPiece {
  readonly kind: 'statement';
  readonly start: number;
  readonly end: number;
  /** True for `COPY … FROM stdin`, whose data follow it in the file up to `\.`. */
  readonly carriesData: boolean;
}

export interface CommentPiece {
  readonly kind: 'comment';
  readonly start: number;
  readonly text: string;
  /** Nothing but white space stands before it in its line. */
  readonly ownLine: boolean;
}

export type Piece = StatementPiece | CommentPiece;

/**
 * What to do at a `--` or `#` comment outside of bodies. `cut` ends the statement before it and begins a new section;
 * between `open` and `close` everything is one statement. All but `skip` give the comment as a piece.
 */
export type CommentUse = 'skip' | 'report' | 'cut' | 'open' | 'close';

export interface SplitStatement {
  readonly text: string;
  readonly line: number;
  readonly column: number;
}

/**
 * The statements of a text, one by one; nothing but the text itself is kept. A text of comments has none.
 * Throws `SCRIPT_SYNTAX` with the place of whatever is opened and not closed.
 */
export function* splitStatements(text: string, dialect: Dialect, file = 'script'): Generator<SplitStatement, void> {
  const source = openSource(text, file);
  for (const piece of splitPieces(source, dialect, () => 'skip')) {
    if (piece.kind === 'comment') continue;
    const { line, column } = source.place(piece.start);
    yield { text: text.slice(piece.start, piece.end), line, column };
  }
}

/** Statements and the comments that `useOf` wants, in the order of the text. */
export function* splitPieces(
  source: Source,
  dialect: Dialect,
  useOf: (comment: string, ownLine: boolean) => CommentUse,
): Generator<Piece, void> {
  const { text } = source;
  const lexer = new Lexer(source, dialect);
  /** Of the statement that is being read; -1 between statements. */
  let start = -1;
  let end = 0;
  let body: Body | null = null;
  let copy: CopyHead | null = null;
  /** Where the block opened that is one statement whatever it holds. */
  let block: number | null = null;

  const finish = (): StatementPiece => {
    const open = body?.open() ?? null;
    if (open !== null) {
      throw source.syntaxError(
        open,
        'The body that opens here is never closed.',
        'Close it with END, or with the missing parenthesis.',
      );
    }
    const piece = { kind: 'statement', start, end, carriesData: copy?.fromStdin() ?? false } as const;
    start = -1;
    body = null;
    copy = null;
    return piece;
  };
  const unopened = (at: number): Error =>
    source.syntaxError(
      at,
      'No statement begins before this end.',
      'Add "-- +goose StatementBegin" before the statement.',
    );
  const unclosed = (at: number): Error =>
    source.syntaxError(at, 'The statement that begins here has no end.', 'Add "-- +goose StatementEnd" after it.');

  for (;;) {
    const kind = lexer.next();
    if (dialect.delimiterDirective && kind === 'word' && lexer.end - lexer.start === 9 && lexer.upper === 'DELIMITER') {
      const directive = readDelimiter(source, lexer.start, lexer.end, start === -1);
      if (directive !== null) {
        if (start !== -1) yield finish();
        lexer.delimiter = directive.token === ';' ? null : directive.token;
        lexer.end = directive.end;
        continue;
      }
    }
    switch (kind) {
      case 'comment': {
        if (text.charCodeAt(lexer.start) === SLASH || (body !== null && body.open() !== null)) break;
        const comment = lexer.text;
        const ownLine = startsLine(text, lexer.start, source.from);
        const use = useOf(comment, ownLine);
        if (use === 'skip') break;
        if (use !== 'report') {
          if ((block !== null) !== (use === 'close')) throw block === null ? unopened(lexer.start) : unclosed(block);
          if (start !== -1) {
            if (block !== null) end = withoutTerminator(text, start, end);
            if (end > start) yield finish();
            start = -1;
          }
          if (use === 'cut') lexer.delimiter = null;
          block = use === 'open' ? lexer.start : null;
        }
        yield { kind: 'comment', start: lexer.start, text: comment, ownLine };
        break;
      }
      case 'terminator':
        if (block === null && (body === null || body.open() === null)) {
          if (start === -1) break;
          const piece = finish();
          yield piece;
          if (piece.carriesData) lexer.end = skipCopyData(text, lexer.end);
          break;
        }
        body?.take(lexer);
        end = lexer.end;
        break;
      case 'end':
        if (block !== null) throw unclosed(block);
        if (start !== -1) yield finish();
        return;
      case 'meta': {
        const line = lineAt(text, lexer.start);
        if (start === -1 && /^\\(un)?restrict(\s|$)/.test(line) && startsLine(text, lexer.start, source.from)) {
          lexer.end = lexer.start + line.length;
          break;
        }
        throw source.syntaxError(
          lexer.start,
          `${/^\\\S*/.exec(line)?.[0] ?? '\\'} is a command of psql, not SQL.`,
          'Take it out; Detent sends statements to the server itself.',
        );
      }
      case 'word':
      case 'quoted':
      case 'string':
      case 'number':
      case 'operator':
      case 'conditional':
        if (start === -1) {
          start = lexer.start;
          if (lexer.delimiter === null && block === null) body = openBody(dialect, lexer);
          if (dialect.psql && kind === 'word' && lexer.upper === 'COPY') copy = copyHead();
        }
        body?.take(lexer);
        copy?.take(lexer);
        end = lexer.end;
        break;
    }
  }
}

const SLASH = 0x2f;

interface CopyHead {
  take(lexer: Lexer): void;
  fromStdin(): boolean;
}

function copyHead(): CopyHead {
  let previous = '';
  let depth = 0;
  let found = false;
  return {
    take(lexer) {
      const token = lexer.kind === 'word' ? lexer.upper : lexer.text;
      if (token === '(') depth += 1;
      if (token === ')') depth -= 1;
      // In parentheses it is the name of a table.
      if (token === 'STDIN' && previous === 'FROM' && depth === 0) found = true;
      previous = token;
    },
    fromStdin: () => found,
  };
}

/** Past the line `\.`, or past the end: the data begin on the line after the statement. */
function skipCopyData(text: string, from: number): number {
  let at = text.indexOf('\n', from);
  while (at !== -1) {
    const next = text.indexOf('\n', at + 1);
    const line = text.slice(at + 1, next === -1 ? text.length : next);
    if (line === '\\.' || line === '\\.\r') return at + 1 + line.length;
    at = next;
  }
  return text.length;
}

/** `null` where the word is none: a name in a statement. A directive may also follow a statement that lacks its end. */
function readDelimiter(
  source: Source,
  start: number,
  end: number,
  between: boolean,
): { token: string; end: number } | null {
  if (!between && !startsLine(source.text, start, source.from)) return null;
  const line = lineAt(source.text, end);
  const [token] = /\S+/.exec(line) ?? [];
  if (token !== undefined && (between || !/[\w\s'"`(),.]/.test(line.trim()))) return { token, end: end + line.length };
  if (!between) return null;
  throw source.syntaxError(start, 'DELIMITER names no delimiter.', 'Write it behind, e.g. DELIMITER $$.');
}

function lineAt(text: string, from: number): string {
  const next = text.indexOf('\n', from);
  return text.slice(from, next === -1 ? text.length : next).trimEnd();
}

function startsLine(text: string, at: number, from: number): boolean {
  for (let before = at - 1; before >= from; before -= 1) {
    const code = text.charCodeAt(before);
    if (code === 0x0a || code === 0x0d) return true;
    if (code !== 0x20 && code !== 0x09) return false;
  }
  return true;
}

function withoutTerminator(text: string, start: number, end: number): number {
  let at = end;
  while (at > start && /[;\s]/.test(text[at - 1] ?? '')) at -= 1;
  return at;
}
