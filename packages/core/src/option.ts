import { misuse } from './errors.ts';
import { didYouMean } from './nearest.ts';

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

/** True or false among the options of an adapter; `undefined` where it is left out. Throws `CONFIG` for anything else. */
export function flagOption(options: Readonly<Record<string, unknown>>, key: string): boolean | undefined {
  const value = options[key];
  if (value === undefined || typeof value === 'boolean') return value;
  throw misuse(`${key} must be true or false.`, 'Leave it out for false.');
}

/** A whole number from 0 on; `undefined` where it is left out. Throws `CONFIG` for anything else. */
export function countOption(options: Readonly<Record<string, unknown>>, key: string, hint: string): number | undefined {
  const value = options[key];
  if (value === undefined || (typeof value === 'number' && Number.isSafeInteger(value) && value >= 0)) return value;
  throw misuse(`${key} must be a whole number.`, hint);
}

/** One of the words that are known; `undefined` where it is left out. Throws `CONFIG` naming the nearest. */
export function choiceOption<Word extends string>(
  options: Readonly<Record<string, unknown>>,
  key: string,
  known: readonly Word[],
): Word | undefined {
  const value = options[key];
  return value === undefined ? undefined : choice(key, value, known);
}

/** One of the words that are known, whatever its case. Throws `CONFIG` naming the nearest. */
export function choice<Word extends string>(name: string, value: unknown, known: readonly Word[]): Word {
  const given = typeof value === 'string' ? value : '';
  const found = known.find((word) => word === given.toLowerCase());
  if (found !== undefined) return found;
  const shown = typeof value === 'string' ? `"${value}"` : `a ${typeof value}`;
  throw misuse(`${name} cannot be ${shown}${didYouMean(given, known) || '.'}`, `It is one of ${known.join(', ')}.`);
}
