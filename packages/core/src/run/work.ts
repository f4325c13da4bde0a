import type { Statement } from '../ports/script.ts';

/** Whether a statement changes schema or rows, so that something of it stands when it is done. */
export function isWork({ kind, effect }: Statement): boolean {
  return kind !== 'session' && kind !== 'query' && effect?.on.length !== 0;
}
