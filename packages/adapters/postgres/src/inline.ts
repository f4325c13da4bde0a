import { postgres, quoteLiteral, type ColumnValue } from '@detent/sql';

/**
 * Puts values into a statement of Detent's own, in the places of `$1`, `$2` …, so that it can go by the simple protocol:
 * after an extended query inside a transaction the server keeps a snapshot open, and several of them do not fit into one
 * message. Quoted identifiers and strings are left alone.
 */
export function inline(text: string, values: readonly ColumnValue[]): string {
  return text.replaceAll(/"(?:[^"]|"")*"|'(?:[^']|'')*'|\$(\d+)/g, (found: string, index: string | undefined) =>
    index === undefined ? found : literal(values[Number(index) - 1] ?? null),
  );
}

export function literal(value: ColumnValue): string {
  if (value === null) return 'NULL';
  // A text in PostgreSQL holds everything but this.
  return typeof value === 'number' ? String(value) : quoteLiteral(postgres, value.replaceAll('\0', '\u{fffd}'));
}
