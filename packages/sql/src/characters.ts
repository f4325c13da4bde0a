/** Classes of characters, as numbers: the lexer asks for one at every character. */
const OTHER = 0;
export const SPACE = 1;
export const WORD = 2;
export const DIGIT = 3;
export const QUOTE = 4;
export const SEMICOLON = 5;
export const DASH = 6;
export const SLASH = 7;
export const STAR = 8;
export const HASH = 9;
export const DOLLAR = 10;
export const BACKSLASH = 11;

export const APOSTROPHE = 0x27;
export const DOLLAR_CODE = 0x24;
export const STAR_CODE = 0x2a;
export const DASH_CODE = 0x2d;
export const DOT_CODE = 0x2e;
export const SLASH_CODE = 0x2f;
export const BACKSLASH_CODE = 0x5c;

const CLASSES = new Uint8Array(128).fill(OTHER);
const assign = (characters: string, kind: number): void => {
  for (const character of characters) CLASSES[character.charCodeAt(0)] = kind;
};
assign(' \t\n\v\f\r', SPACE);
assign('abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ_', WORD);
assign('0123456789', DIGIT);
assign('\'"`[', QUOTE);
assign(';', SEMICOLON);
assign('-', DASH);
assign('/', SLASH);
assign('*', STAR);
assign('#', HASH);
assign('$', DOLLAR);
assign('\\', BACKSLASH);

/** Everything beyond ASCII belongs to words, as in all four databases; past the end is `OTHER`. */
export function classOf(code: number): number {
  return code < 128 ? (CLASSES[code] ?? OTHER) : code >= 128 ? WORD : OTHER;
}

export function isWordPart(code: number): boolean {
  const kind = classOf(code);
  return kind === WORD || kind === DIGIT || kind === DOLLAR;
}
