import { nearest } from '@detent/core';
import type { Connection } from './driver.ts';
import type { Failure } from './errors.ts';

/** The next step after a refused statement, never one of Detent's `own` tables; `null` when there is nothing to say that SQLite has not said. */
export function hintFor(
  connection: Connection,
  text: string,
  failure: Failure,
  position: number | null,
  own: readonly string[],
): string | null {
  const { message } = failure;
  const missing = /^no such (table|column|index|view|trigger|function): (.+)$/s.exec(message);
  if (missing?.[1] !== undefined && missing[2] !== undefined)
    return missingName(connection, missing[1], missing[2], own);
  const unknownColumn = /^table (.+) has no column named (.+)$/s.exec(message);
  if (unknownColumn?.[1] !== undefined && unknownColumn[2] !== undefined) {
    return suggestion(unknownColumn[2], columnsOf(connection, unknownColumn[1]));
  }
  if (message.startsWith('error in view') || message.startsWith('error in trigger')) {
    return 'It names the table that this statement renames or drops: drop it first and make it again at the end.';
  }
  if (/^(near |unrecognized token|incomplete input)/.test(message)) return syntaxHint(text, position);
  return (
    CONSTRAINTS[failure.code] ??
    (failure.primary === 'SQLITE_FULL' ? 'Free some space on the disk and start again.' : null)
  );
}

const CONSTRAINTS: Readonly<Record<string, string>> = {
  SQLITE_CONSTRAINT_UNIQUE: 'Two rows have the same value; make them differ in an earlier statement.',
  SQLITE_CONSTRAINT_NOTNULL: 'Give the column a value in every row, or a DEFAULT.',
  SQLITE_CONSTRAINT_FOREIGNKEY:
    'The row it refers to is not there; insert parents before children, and delete them after.',
  SQLITE_CONSTRAINT_CHECK: 'A row does not pass the CHECK; correct the rows first.',
};

/** What people write who come from another database, and what SQLite has in its place. */
const HABITS: readonly (readonly [RegExp, string])[] = [
  [/\bauto_increment\b/i, 'SQLite writes it INTEGER PRIMARY KEY, or INTEGER PRIMARY KEY AUTOINCREMENT.'],
  [/\binsert\s+column\b/i, 'Did you mean ADD COLUMN?'],
  [
    /\balter\s+(?:column\b|table\s+\S+\s+(?:alter|modify|change)\b)/i,
    'SQLite cannot change a column: make a new table, copy the rows, drop the old one and rename the new one.',
  ],
  [
    /\b(?:drop|add)\s+(?:constraint|foreign\s+key|primary\s+key)\b/i,
    'SQLite cannot add or drop a constraint: make a new table, copy the rows, drop the old one and rename the new one.',
  ],
  [
    /\b(?:add|drop)\s+column\s+if\b/i,
    'SQLite has no IF [NOT] EXISTS for columns; a migration runs once, so leave it out.',
  ],
  [
    /\)\s*(?:engine|default\s+charset|charset|collate)\s*=/i,
    'Table options such as ENGINE= belong to MySQL; leave them out.',
  ],
  [/^\s*create\s+(?:type|schema|extension|sequence|function|procedure)\b/i, 'SQLite has no such thing to create.'],
  [/^\s*truncate\b/i, 'SQLite writes it DELETE FROM.'],
  [/\benum\s*\(/i, "SQLite has no ENUM: use TEXT CHECK (x IN ('a', 'b'))."],
  [
    /\bdefault\s+(?:now|uuid|gen_random_uuid)\s*\(/i,
    "A DEFAULT that calls a function stands in parentheses: DEFAULT (datetime('now')) or DEFAULT CURRENT_TIMESTAMP.",
  ],
  [/::\s*\w+/, 'SQLite writes a conversion CAST(x AS type).'],
  [/\b(?:key|index)\s*\w*\s*\(/i, 'An index is made by its own statement: CREATE INDEX name ON table (column).'],
];

const STARTS_STATEMENT = /^(?:create|insert|update|delete|alter|drop|select|with|pragma|replace)\b/i;

function syntaxHint(text: string, position: number | null): string | null {
  const rest = position === null ? '' : text.slice(position);
  if (
    position !== null &&
    position > 0 &&
    STARTS_STATEMENT.test(rest) &&
    /(?:\n|\))\s*$/.test(text.slice(0, position))
  ) {
    return 'Is a semicolon missing before this word?';
  }
  const habit = HABITS.find(([pattern]) => pattern.test(text))?.[1];
  if (habit !== undefined) return habit;
  return position === text.length ? 'The statement ends too early; is a parenthesis open?' : null;
}

function missingName(connection: Connection, kind: string, name: string, own: readonly string[]): string | null {
  const bare = name.slice(name.lastIndexOf('.') + 1);
  switch (kind) {
    case 'column':
      return suggestion(bare, everyColumn(connection, own));
    case 'function':
      return 'SQLite has no such function here; one that the application registers is not there when migrations run.';
    default:
      return suggestion(bare, names(connection, kind, own)) ?? 'Is there a migration before this one that creates it?';
  }
}

function suggestion(word: string, candidates: readonly string[]): string | null {
  const found = nearest(word, candidates);
  return found === null || found === word ? null : `Did you mean "${found}"?`;
}

function names(connection: Connection, kind: string, own: readonly string[]): readonly string[] {
  const kinds = kind === 'table' ? ['table', 'view'] : [kind, kind];
  return connection
    .all('SELECT name FROM main.sqlite_schema WHERE type IN (?, ?)', ...kinds)
    .map(({ name }) => String(name))
    .filter((name) => !own.includes(name));
}

function columnsOf(connection: Connection, table: string): readonly string[] {
  return connection.all('SELECT name FROM pragma_table_info(?)', table).map(({ name }) => String(name));
}

function everyColumn(connection: Connection, own: readonly string[]): readonly string[] {
  const rows = connection.all(
    "SELECT t.name AS owner, column.name FROM main.sqlite_schema AS t JOIN pragma_table_info(t.name) AS column WHERE t.type IN ('table', 'view')",
  );
  return rows.filter(({ owner }) => !own.includes(String(owner))).map(({ name }) => String(name));
}
