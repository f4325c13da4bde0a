/** How a database reads SQL text, as data. A server mode is the same value with another flag: `{ ...mysql, backslashEscapes: false }`. */
export interface Dialect {
  readonly name: 'postgres' | 'mysql' | 'mariadb' | 'sqlite';

  /** Characters that open and close a string, and a quoted identifier; `[` closes with `]`. */
  readonly stringQuotes: string;
  readonly identifierQuotes: string;
  /** `\'` inside every string; `E'\''` only inside that kind. */
  readonly backslashEscapes: boolean;
  readonly eStrings: boolean;
  /** `$tag$ … $tag$`. */
  readonly dollarQuotes: boolean;

  readonly nestedComments: boolean;
  readonly hashComments: boolean;
  /** `--` opens a comment only before white space or the end. */
  readonly dashNeedsSpace: boolean;
  /** A carriage return by itself ends a `--` comment. */
  readonly returnEndsComment: boolean;
  /** Openings of comments that the server executes. */
  readonly conditionalComments: readonly string[];

  /** Statements with semicolons inside: `BEGIN ATOMIC`, triggers, or stored programs of every kind. */
  readonly bodies: 'atomic' | 'trigger' | 'routine';
  /** `BEGIN NOT ATOMIC`, `IF`, `LOOP` … outside of any routine. */
  readonly bareBlocks: boolean;
  readonly delimiterDirective: boolean;
  /** `\name` is a command of psql, and `COPY … FROM stdin` is followed by data. */
  readonly psql: boolean;

  /** What identifiers are quoted with when Detent writes them. */
  readonly quote: '"' | '`';
  readonly identifierLimit: { readonly length: number; readonly unit: 'bytes' | 'characters' } | null;
  readonly placeholder: 'question' | 'dollar';
  /** Unquoted words that are values or clauses, so that the same word in quotes means something else. */
  readonly valueWords: ReadonlySet<string>;
}

const words = (text: string): readonly string[] => text.split(' ');
const COMMON_VALUES = words('null true false default current_date current_time current_timestamp');
const CLAUSES = words('primary unique not check references constraint collate generated as on');

export const postgres: Dialect = {
  name: 'postgres',
  stringQuotes: "'",
  identifierQuotes: '"',
  backslashEscapes: false,
  eStrings: true,
  dollarQuotes: true,
  nestedComments: true,
  hashComments: false,
  dashNeedsSpace: false,
  returnEndsComment: true,
  conditionalComments: [],
  bodies: 'atomic',
  bareBlocks: false,
  delimiterDirective: false,
  psql: true,
  quote: '"',
  identifierLimit: { length: 63, unit: 'bytes' },
  placeholder: 'dollar',
  valueWords: new Set([
    ...COMMON_VALUES,
    ...CLAUSES,
    ...words(
      'user current_user session_user system_user current_role current_catalog current_schema localtime localtimestamp',
    ),
  ]),
};

export const mysql: Dialect = {
  name: 'mysql',
  stringQuotes: `'"`,
  identifierQuotes: '`',
  backslashEscapes: true,
  eStrings: false,
  dollarQuotes: false,
  nestedComments: false,
  hashComments: true,
  dashNeedsSpace: true,
  returnEndsComment: false,
  conditionalComments: ['/*!'],
  bodies: 'routine',
  bareBlocks: false,
  delimiterDirective: true,
  psql: false,
  quote: '`',
  identifierLimit: { length: 64, unit: 'characters' },
  placeholder: 'question',
  valueWords: new Set([
    ...COMMON_VALUES,
    ...CLAUSES,
    ...words('current_user localtime localtimestamp utc_date utc_time utc_timestamp key'),
  ]),
};

export const mariadb: Dialect = {
  ...mysql,
  name: 'mariadb',
  conditionalComments: ['/*!', '/*M!'],
  bareBlocks: true,
};

export const sqlite: Dialect = {
  name: 'sqlite',
  stringQuotes: "'",
  identifierQuotes: '"`[',
  backslashEscapes: false,
  eStrings: false,
  dollarQuotes: false,
  nestedComments: false,
  hashComments: false,
  dashNeedsSpace: false,
  returnEndsComment: false,
  conditionalComments: [],
  bodies: 'trigger',
  bareBlocks: false,
  delimiterDirective: false,
  psql: false,
  quote: '"',
  identifierLimit: null,
  placeholder: 'question',
  valueWords: new Set([...COMMON_VALUES, ...CLAUSES]),
};
