import { DetentError, didYouMean } from '@detent/core';
import type { Dialect } from './dialect.ts';
import { Lexer } from './lexer.ts';
import { quoteIdent, quoteLiteral } from './quote.ts';
import { openSource, type Source } from './source.ts';

type Values = Readonly<Record<string, string>>;

const PLACEHOLDER = /\$\{([^{}]*)\}/g;
/** What could end the token that a bare value is put into. */
const UNSAFE = /['"`;\\]|--|\/\*|\*\//;

/**
 * The statement at `start` with `${name}`, `${ident:name}` and `${literal:name}` filled in, everywhere but in comments.
 * Values are put in after the text was split, so none can begin another statement. Throws `PLACEHOLDER`.
 */
export function fillPlaceholders(source: Source, dialect: Dialect, start: number, end: number, values: Values): string {
  const text = source.text.slice(start, end);
  if (!text.includes('${')) return text;
  const comments = commentsIn(text, dialect);
  return text.replaceAll(PLACEHOLDER, (written: string, inner: string, at: number) => {
    if (comments.some((comment) => comment.start <= at && at < comment.end)) return written;
    return valueOf(inner, dialect, values, (message, hint) => {
      return new DetentError('PLACEHOLDER', message, { hint, facts: { place: source.place(start + at) } });
    });
  });
}

function valueOf(
  inner: string,
  dialect: Dialect,
  values: Values,
  fail: (message: string, hint: string) => DetentError,
): string {
  const [, kind = '', name = ''] = /^\s*(?:(\w+)\s*:)?\s*(.*?)\s*$/s.exec(inner) ?? [];
  const value = Object.hasOwn(values, name) ? values[name] : undefined;
  if (value === undefined) {
    const known = Object.keys(values);
    throw fail(
      `There is no value for the placeholder "${name}"${didYouMean(name, known) || '.'}`,
      known.length === 0
        ? 'Give it in `placeholders` in the config.'
        : `Give it in \`placeholders\` in the config; it has ${known.join(', ')}.`,
    );
  }
  switch (kind) {
    case 'ident':
      return quoteIdent(dialect, value);
    case 'literal':
      return quoteLiteral(dialect, value);
    case '':
      if (!UNSAFE.test(value)) return value;
      throw fail(
        `The value of the placeholder "${name}" holds a quote, a semicolon, a backslash or a comment mark.`,
        `Write \${literal:${name}} for a string or \${ident:${name}} for a name; both are quoted for you.`,
      );
    default:
      throw fail(
        `"${kind}" is no kind of placeholder${didYouMean(kind, ['ident', 'literal']) || '.'}`,
        `Write \${ident:${name}}, \${literal:${name}} or \${${name}}.`,
      );
  }
}

function commentsIn(text: string, dialect: Dialect): { start: number; end: number }[] {
  const lexer = new Lexer(openSource(text, 'statement'), dialect);
  const comments: { start: number; end: number }[] = [];
  for (let kind = lexer.next(); kind !== 'end'; kind = lexer.next()) {
    if (kind === 'comment') comments.push({ start: lexer.start, end: lexer.end });
  }
  return comments;
}
