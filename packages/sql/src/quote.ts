import { misuse } from '@detent/core';
import type { Dialect } from './dialect.ts';

/** The parts quoted and joined by dots: schema, table. Throws `CONFIG` for a name that the database cannot have. */
export function quoteIdent(dialect: Dialect, ...parts: readonly string[]): string {
  if (parts.length === 0) throw misuse('A quoted identifier needs at least one name.');
  return parts.map((part) => quotePart(dialect, part)).join('.');
}

/** A string as the database reads it back, whatever its mode. Throws `CONFIG` for a NUL character. */
export function quoteLiteral(dialect: Dialect, value: string): string {
  if (value.includes('\0')) throw misuse('A literal holds a NUL character, which no database takes.');
  if (!value.includes('\\')) return `'${value.replaceAll("'", "''")}'`;
  switch (dialect.name) {
    case 'sqlite':
      return `'${value.replaceAll("'", "''")}'`;
    case 'postgres':
      return ` E'${value.replaceAll("'", "''").replaceAll('\\', '\\\\')}'`;
    case 'mysql':
    case 'mariadb':
      // Whether a backslash escapes depends on sql_mode; hexadecimal does not.
      return `_utf8mb4 X'${Buffer.from(value, 'utf8').toString('hex')}'`;
  }
}

function quotePart(dialect: Dialect, name: string): string {
  if (name === '') throw misuse('An identifier is empty.', 'Give the schema or table a name, or leave the option out.');
  if (name.includes('\0')) throw misuse('An identifier holds a NUL character, which no database takes.');
  if (!name.isWellFormed()) throw misuse(`The identifier ${JSON.stringify(name)} is no valid Unicode text.`);
  const { identifierLimit: limit, quote } = dialect;
  if (limit !== null) {
    const length = limit.unit === 'bytes' ? Buffer.byteLength(name) : name.length;
    if (length > limit.length) {
      throw misuse(
        `The identifier ${JSON.stringify(name)} has ${length} ${limit.unit}; ${dialect.name} allows ${limit.length}.`,
        'Choose a shorter name.',
      );
    }
  }
  return `${quote}${name.replaceAll(quote, quote + quote)}${quote}`;
}
