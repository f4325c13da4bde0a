import { DetentError } from '@detent/core';
import type { Flags } from './arguments.ts';

/** A flag's whole number above 0; `null` when it is not given. Throws `USAGE`. */
export function countOf({ values }: Flags, name: string): number | null {
  const text = values.get(name);
  if (text === undefined) return null;
  const count = typeof text === 'string' && /^\d{1,9}$/.test(text) ? Number(text) : 0;
  if (count > 0) return count;
  throw new DetentError('USAGE', `--${name} is a whole number above 0.`, { hint: `Write --${name} 5.` });
}
