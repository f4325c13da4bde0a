import type { Statement, TransactionScope } from '@detent/core';
import type { Link } from './link.ts';

/** What could end a transaction, if the server read it in another way than Detent. */
const ENDS = /\b(?:abort|commit|end|prepare|rollback)\b/i;

/**
 * Whether all of a transaction can go out in one message, so that nobody can look in its middle whether it still stands.
 * After a lost answer a second connection has to tell how it ended. Behind a pooler it would ask for another session.
 */
export function mayGoAtOnce(link: Link, { statements, atOnce = false }: TransactionScope): boolean {
  if (!atOnce || statements === null || !link.hasBeside || link.traces) return false;
  return link.known()?.pooled === false && statements.every(isPlain);
}

function isPlain(statement: Statement): boolean {
  const { kind, text } = statement;
  return (kind === 'ddl' || kind === 'data') && !leavesTraces(statement) && !ENDS.test(text);
}

/** What a statement may leave in the session beyond schema and rows. Any function may set a setting. */
export function leavesTraces({ kind, text }: Statement): boolean {
  if (kind === 'ddl') return /^\s*create\s+(?:global\s+|local\s+)?temp/i.test(text);
  return kind !== 'data' || /\bset_config\b|^\s*(?:do|call)\b/i.test(text);
}
