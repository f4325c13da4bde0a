import type { Failure } from './failure.ts';

/** The next step after a refused statement; `null` when there is nothing to say that the server has not said. */
export function hintFor(text: string, failure: Failure, position: number | null): string | null {
  const { code, hint } = failure;
  if (code === '42601') return syntaxHint(text, position) ?? hint;
  return hint ?? HINTS[code] ?? null;
}

const HINTS: Readonly<Record<string, string>> = {
  '23502': 'Give the column a value in every row, or a DEFAULT.',
  '23503': 'The row it refers to is not there; insert parents before children, and delete them after.',
  '23505': 'Two rows have the same value; make them differ in an earlier statement.',
  '23514': 'A row does not pass the CHECK; correct the rows first, or add the constraint NOT VALID.',
  '25001': 'It cannot run in a transaction: write `-- detent:transaction none` into the file.',
  '42501': 'Grant the user what it needs, or run as the owner.',
  '42703': 'Is the column spelled as it was created? Quoted names keep their capitals.',
  '42704': 'Is there a migration before this one that creates it, or an extension to be created first?',
  '42883':
    'Is there an extension to be created first, or is a conversion missing? A function that an application registers is not here.',
  '42P01': 'Is there a migration before this one that creates it? Names are looked up along search_path.',
  '42P07': 'It is there already: was it made by hand, or by a migration that is not in the history? See `detent mark`.',
  '42701': 'It is there already: was it made by hand, or by a migration that is not in the history? See `detent mark`.',
  '42710': 'It is there already: was it made by hand, or by a migration that is not in the history? See `detent mark`.',
  '2BP01': 'Drop what depends on it first, or add CASCADE after looking at what goes along.',
  '3F000': 'Create the schema in an earlier migration.',
  '53100': "Free some space on the server's disk and start again.",
  '54001': 'Raise max_stack_depth, or take the statement apart.',
  '55006': 'Other sessions use it; end them first.',
  '55P04': 'A new value of an enum can be used only after its transaction; put it into a migration of its own.',
  '0A000': 'This server does not have the feature; see its version in `detent doctor`.',
};

/** What people write who come from another database, and what PostgreSQL has in its place. */
const HABITS: readonly (readonly [RegExp, string])[] = [
  [/\bauto_?increment\b/i, 'PostgreSQL writes it bigint GENERATED ALWAYS AS IDENTITY.'],
  [/\binsert\s+column\b/i, 'Did you mean ADD COLUMN?'],
  [/\b(?:modify|change)\s+column\b/i, 'PostgreSQL writes it ALTER COLUMN name TYPE …, ALTER COLUMN name SET NOT NULL.'],
  [/`/, 'PostgreSQL quotes names with double quotes.'],
  [/\bdatetime\b/i, 'PostgreSQL calls it timestamptz, or timestamp.'],
  [/\)\s*(?:engine|default\s+charset|charset)\s*=/i, 'Table options such as ENGINE= belong to MySQL; leave them out.'],
  [
    /\badd\s+constraint\s+if\s+not\s+exists\b/i,
    'There is no IF NOT EXISTS for constraints; a migration runs once, so leave it out.',
  ],
  [
    /\bcreate\s+type\s+if\s+not\s+exists\b/i,
    'There is no IF NOT EXISTS for types; a migration runs once, so leave it out.',
  ],
  [/\bunsigned\b/i, 'PostgreSQL has no unsigned numbers; take the next wider type and a CHECK.'],
  [/\bon\s+duplicate\s+key\b/i, 'PostgreSQL writes it ON CONFLICT (column) DO UPDATE.'],
  [/\breplace\s+into\b/i, 'PostgreSQL writes it INSERT … ON CONFLICT … DO UPDATE.'],
  [/\b(?:key|index)\s+\w+\s*\(/i, 'An index is made by its own statement: CREATE INDEX name ON table (column).'],
];

const STARTS_STATEMENT = /^(?:create|insert|update|delete|alter|drop|select|with|grant|comment|truncate)\b/i;

function syntaxHint(text: string, position: number | null): string | null {
  if (position !== null && position > 0 && STARTS_STATEMENT.test(text.slice(position))) {
    if (/(?:\n|\))\s*$/.test(text.slice(0, position))) return 'Is a semicolon missing before this word?';
  }
  const habit = HABITS.find(([pattern]) => pattern.test(text))?.[1];
  if (habit !== undefined) return habit;
  return position !== null && position >= text.length ? 'The statement ends too early; is a parenthesis open?' : null;
}
