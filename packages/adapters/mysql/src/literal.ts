import { mariadb, quoteLiteral, type ColumnValue } from '@detent/sql';

const PLAIN = /^[\x20-\x7e]*$/;
/** Nearly every value: nothing in it ends a text or escapes. */
const BARE = /^[ -&(-[\]-~]*$/;

/**
 * Puts values into a statement of Detent's own, in the places of `?`. Quoted identifiers and strings are left alone.
 */
export function inline(text: string, values: readonly ColumnValue[]): string {
  let next = 0;
  return text.replaceAll(/`(?:[^`]|``)*`|'(?:[^']|'')*'|\?/g, (found) =>
    found === '?' ? literal(values[next++] ?? null) : found,
  );
}

/** A row of values, in parentheses. */
export function tuple(values: readonly ColumnValue[]): string {
  let text = '';
  for (const value of values) text += `${text === '' ? '' : ', '}${literal(value)}`;
  return `(${text})`;
}

/** As the server reads it whatever character set and mode a migration has set: what is not plain goes as hexadecimal. */
export function literal(value: ColumnValue): string {
  if (value === null) return 'NULL';
  if (typeof value === 'number') return String(value);
  if (BARE.test(value)) return `'${value}'`;
  if (PLAIN.test(value)) return quoteLiteral(mariadb, value);
  return `_utf8mb4 X'${Buffer.from(value, 'utf8').toString('hex')}'`;
}
