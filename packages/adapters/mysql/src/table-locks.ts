import type { ParsedScript, Statement } from '@detent/core';
import { mariadb, readStatement } from '@detent/sql';

/**
 * The script without LOCK TABLES and UNLOCK TABLES, as dumps have them: while such a lock holds, no other table can be
 * read or written, Detent's own among them, and the next transaction would end it.
 */
export function withoutTableLocks(script: ParsedScript): ParsedScript {
  const { up, down, notes } = script;
  const locks = [...up, ...(down ?? [])].filter(isTableLock);
  const [first] = locks;
  if (first === undefined) return script;
  const message = 'LOCK TABLES and UNLOCK TABLES are left out: under them the history could not be written.';
  return {
    ...script,
    up: up.filter((statement) => !isTableLock(statement)),
    down: down?.filter((statement) => !isTableLock(statement)) ?? null,
    notes: [...notes, { message, line: first.line }],
  };
}

function isTableLock({ kind, text }: Statement): boolean {
  if (kind !== 'session') return false;
  const reader = readStatement(text, mariadb);
  return ['LOCK', 'UNLOCK'].includes(reader.at(0)) && ['TABLE', 'TABLES'].includes(reader.at(1));
}
