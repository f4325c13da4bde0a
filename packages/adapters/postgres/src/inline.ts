import { postgres, quoteLiteral, type ColumnValue } from '@detent/sql';

/**
 * Puts values into a statement of Detent's own, in the places of `$1`, `$2` …, so that it can go by the simple protocol:
 * after an extended query inside a transaction the server keeps a snapshot open, and several of them do not fit into one
 * message. Quoted identifiers and strings are left alone.
 */
export function inline(text: string, values: readonly ColumnValue[]): string {
  return replaceValues(text, (index) => literal(values[index] ?? null));
}

/** `replace` gets the index of the value, counting from 0. */
export function replaceValues(text: string, replace: (index: number) => string): string {
  return text.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\d+)/g, (found: string, index: string | undefined) =>
    index === undefined ? found : replace(Number(index) - 1),
  );
}

export function literal(value: ColumnValue): string {
  if (value === null) return 'NULL';
  // A text in PostgreSQL holds everything but this.
  return typeof value === 'number' ? String(value) : quoteLiteral(postgres, value.replaceAll('\0', '\u{fffd}'));
}
