import { misuse } from '@detent/core';

/** A value as both drivers bind it. Throws `CONFIG` for what SQLite has no form for. */
export function bindable(value: unknown): null | number | bigint | string | Uint8Array {
  if (value === null || typeof value === 'number' || typeof value === 'bigint' || typeof value === 'string')
    return value;
  if (value instanceof Uint8Array) return value;
  if (typeof value === 'boolean') return value ? 1 : 0;
  if (value instanceof Date) return value.toISOString();
  throw misuse(
    `A value of type ${typeof value} cannot be bound to a SQLite statement.`,
    'Pass null, a number, a bigint, a string, a boolean, a Date or bytes; make text of anything else, e.g. with JSON.stringify.',
  );
}
