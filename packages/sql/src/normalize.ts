import type { Dialect } from './dialect.ts';
import { Lexer } from './lexer.ts';
import { openSource } from './source.ts';

/** After these a name follows; elsewhere SQLite may read `"X"` as a string, whose case counts. */
const BEFORE_NAMES = new Set([
  'table',
  'index',
  'view',
  'trigger',
  'on',
  'references',
  'into',
  'from',
  'join',
  'update',
  'exists',
  '.',
]);
const PLAIN = /^[A-Za-z_][A-Za-z0-9_$]*$/;

/**
 * One form for statements that mean the same, for fingerprints: comments and white space dropped, words in lower case,
 * identifiers without quotes where that changes nothing, strings as they are. Not meant to be sent.
 */
export function normalizeSql(text: string, dialect: Dialect): string {
  const lexer = new Lexer(openSource(text, 'sql'), dialect);
  let out = '';
  let previous = '';
  for (let kind = lexer.next(); kind !== 'end'; kind = lexer.next()) {
    let token: string;
    switch (kind) {
      case 'comment':
        continue;
      case 'word':
      case 'number':
        token = lower(lexer.text);
        break;
      case 'quoted':
        token = canonicalName(lexer.text, dialect, previous);
        break;
      case 'string':
      case 'operator':
      case 'conditional':
      case 'terminator':
      case 'meta':
        token = lexer.text;
        break;
    }
    if (needsSpace(previous, token)) out += ' ';
    out += token;
    previous = token;
  }
  return out.replace(/;+$/, '');
}

function canonicalName(quoted: string, dialect: Dialect, previous: string): string {
  const open = quoted[0] ?? '';
  const close = open === '[' ? ']' : open;
  const inner = quoted.slice(1, -1);
  const name = close === ']' ? inner : inner.replaceAll(close + close, close);
  const folds = dialect.name !== 'postgres' && (open !== '"' || BEFORE_NAMES.has(previous));
  const folded = folds ? lower(name) : name;
  const plain = PLAIN.test(folded) && folded === lower(folded) && !dialect.valueWords.has(folded);
  return plain ? folded : `"${name.replaceAll('"', '""')}"`;
}

/** ASCII letters only: beyond them SQLite and PostgreSQL tell names apart. */
function lower(name: string): string {
  return name.replace(/[A-Z]+/g, (letters) => letters.toLowerCase());
}

function needsSpace(previous: string, token: string): boolean {
  return isWordy(previous.at(-1)) && isWordy(token[0]);
}

function isWordy(character: string | undefined): boolean {
  return character !== undefined && (/[\w$'"`]/.test(character) || character >= '\u0080');
}
