import type { Failure } from './failure.ts';

/** The next step after a refused statement; `null` when there is nothing to say that the server has not said. */
export function hintFor(text: string, { code }: Failure, position: number | null): string | null {
  return code === '1064' ? syntaxHint(text, position) : (HINTS[code] ?? null);
}

const THERE =
  'It is there already: was it made by hand, or by a migration that is not in the history? See `detent mark`.';

const FOREIGN =
  'Both columns of a foreign key need the same type, sign and character set, and the one that is referred to needs a key.';

const HINTS: Readonly<Record<string, string>> = {
  '1005': FOREIGN,
  '1007': THERE,
  '1046': 'No database is chosen; name one in the URL.',
  '1048': 'Give the column a value in every row, or a DEFAULT.',
  '1050': THERE,
  '1051': 'Is there a migration before this one that creates it?',
  '1054': 'Is the column spelled as it was created, and in this table?',
  '1060': THERE,
  '1061': THERE,
  '1062': 'Two rows have the same value; make them differ in an earlier statement.',
  '1064': 'Is it written for another version, or for the other of MySQL and MariaDB?',
  '1071': 'Index a part of the column, e.g. (name(191)), or take a shorter type.',
  '1091': 'Is there a migration before this one that creates it?',
  '1114': "Free some space on the server's disk and start again.",
  '1118': 'Make some of the columns TEXT or BLOB, which are stored beside the row.',
  '1142': 'Grant the user what it needs.',
  '1146': 'Is there a migration before this one that creates it? Names of tables may differ by their capitals.',
  '1153': 'Raise max_allowed_packet in the server, or take the statement apart.',
  '1227': 'Grant the user what it needs, or leave DEFINER out.',
  '1235': 'This server does not have the feature; see its version in `detent doctor`.',
  '1215': FOREIGN,
  '1265': 'The rows do not fit the new type; correct them in an earlier statement.',
  '1292': 'The value does not fit the type; sql_mode says how strict the server is.',
  '1293': 'See `detent doctor` for the version of the server.',
  '1304': THERE,
  '1359': THERE,
  '1364': 'Give the column a value in every row, or a DEFAULT.',
  '1366': 'The value does not fit the type or the character set of the column.',
  '1396': 'Is the user there already, or not there at all?',
  '1406': 'The value is longer than the column; sql_mode says how strict the server is.',
  '1418': 'Write DETERMINISTIC, NO SQL or READS SQL DATA, or set log_bin_trust_function_creators in the server.',
  '1419': 'Set log_bin_trust_function_creators in the server, or run as a user with more rights.',
  '1451': 'Rows refer to it: delete children before parents.',
  '1452': 'The row it refers to is not there; insert parents before children.',
  '1553': 'A foreign key needs the index; drop the key first.',
  '1826': THERE,
  '1828': 'A foreign key needs the column; drop the key first.',
  '1822': FOREIGN,
  '1824': 'Is there a migration before this one that creates it?',
  '3730': 'A foreign key refers to it; drop the key first.',
  '3734': 'Is the column spelled as it was created, and in that table?',
  '3780': FOREIGN,
  '3819': 'A row does not pass the CHECK; correct the rows first.',
  '3822': THERE,
  '4025': 'A row does not pass the CHECK; correct the rows first.',
  '6125': FOREIGN,
  '4161': 'There is no such type here; or the word before it is misspelled, as in ADD COLUM, and was taken for a name.',
};

/** What people write who come from another database, and what MySQL and MariaDB have in its place. */
const HABITS: readonly (readonly [RegExp, string])[] = [
  [/\binsert\s+column\b/i, 'Did you mean ADD COLUMN?'],
  [/\b(?:big)?serial\b/i, 'Write bigint AUTO_INCREMENT PRIMARY KEY.'],
  [/\bgenerated\s+(?:always|by\s+default)\s+as\s+identity\b/i, 'Write AUTO_INCREMENT.'],
  [/\bautoincrement\b/i, 'Write AUTO_INCREMENT.'],
  [/\bon\s+conflict\b/i, 'Write INSERT … ON DUPLICATE KEY UPDATE, or INSERT IGNORE.'],
  [/\balter\s+column\b.*\btype\b/is, 'Write MODIFY COLUMN name type …'],
  [/\bcreate\s+(?:unique\s+)?index\s+concurrently\b/i, 'Leave CONCURRENTLY out: indexes are built online anyway.'],
  [/\$\$/, 'Bodies stand between BEGIN and END here; there are no dollar quotes.'],
  [/\bcreate\s+type\b/i, 'There are no types of your own; write ENUM(…) at the column.'],
  [/\btimestamptz\b/i, 'Write timestamp or datetime(6).'],
  [/::\s*\w/, 'Write CAST(value AS type).'],
  [/"[^"]*"\s*\(/, 'Names are quoted with backticks, unless sql_mode has ANSI_QUOTES.'],
];

const STARTS_STATEMENT = /^(?:create|insert|update|delete|alter|drop|select|with|grant|truncate|replace)\b/i;

function syntaxHint(text: string, position: number | null): string {
  if (position !== null && position > 0 && STARTS_STATEMENT.test(text.slice(position))) {
    if (/(?:\n|\))\s*$/.test(text.slice(0, position))) return 'Is a semicolon missing before this word?';
  }
  const habit = HABITS.find(([pattern]) => pattern.test(text))?.[1];
  if (habit !== undefined) return habit;
  if (position !== null && position >= text.length)
    return 'The statement ends too early; is a parenthesis open, or a DELIMITER missing around a body?';
  return HINTS['1064'] ?? '';
}
