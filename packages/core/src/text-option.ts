import { misuse } from './errors.ts';

/** A text among the options of an adapter; `undefined` where it is left out. Throws `CONFIG` for anything else. */
export function textOption(options: Readonly<Record<string, unknown>>, key: string): string | undefined {
  const value = options[key];
  if (value === undefined || (typeof value === 'string' && value !== '')) return value;
  throw misuse(
    `${key} must be a text that is not empty.`,
    value === ''
      ? 'Is the variable set that it is read from? Left out, the default holds.'
      : 'Leave it out for the default.',
  );
}
