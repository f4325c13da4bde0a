import type { MigrationKind } from '../ports/history.ts';

/**
 * A version as the history knows it: parts joined by dots, without leading zeros, and without trailing parts that
 * are zero, so that `01.0` is `1`. Takes `.` and `_` between the parts.
 */
export function normalizeVersion(version: string): string {
  if (!version.includes('.') && !version.includes('_')) return withoutZeros(version);
  const parts = version.split(/[._]/u).map(withoutZeros);
  while (parts.length > 1 && parts.at(-1) === '0') parts.pop();
  return parts.join('.');
}

/** Negative, 0 or positive. Parts are compared as integers of any length; a part that is not there is 0. */
export function compareVersions(a: string, b: string): number {
  if (a === b) return 0;
  // The same length without zeros in front is what nearly all versions of one folder have in common.
  if (a.length === b.length && isPlain(a) && isPlain(b)) return a < b ? -1 : 1;
  const left = normalizeVersion(a).split('.');
  const right = normalizeVersion(b).split('.');
  for (let i = 0; i < Math.max(left.length, right.length); i++) {
    const order = compareIntegers(left[i] ?? '0', right[i] ?? '0');
    if (order !== 0) return order;
  }
  return 0;
}

/** One integer without zeros in front, so that among equals in length the order of the text is that of the number. */
function isPlain(version: string): boolean {
  return version[0] !== '0' && !version.includes('.') && !version.includes('_');
}

function withoutZeros(digits: string): string {
  return digits.replace(/^0+(?=\d)/u, '');
}

/** Digits without leading zeros: the longer is the greater. */
function compareIntegers(a: string, b: string): number {
  if (a.length !== b.length) return a.length - b.length;
  return a === b ? 0 : a < b ? -1 : 1;
}

/** By Unicode code point, the same on every machine and in every locale. */
export function compareText(a: string, b: string): number {
  const length = Math.min(a.length, b.length);
  for (let i = 0; i < length; i++) {
    const left = a.charCodeAt(i);
    const right = b.charCodeAt(i);
    if (left === right) continue;
    // Halves of a pair stand for code points above U+FFFF, yet as units they lie below U+E000.
    const leftIsHalf = left >= 0xd800 && left < 0xe000;
    const rightIsHalf = right >= 0xd800 && right < 0xe000;
    if (leftIsHalf !== rightIsHalf) return leftIsHalf ? 1 : -1;
    return left - right;
  }
  return a.length - b.length;
}

interface Sortable {
  readonly version: string | null;
  readonly name: string;
  readonly kind: MigrationKind;
}

/** The order of a run: by version, then by name; the repeatable ones come last, by name. */
export function compareMigrations(a: Sortable, b: Sortable): number {
  if (a.version === null || b.version === null) {
    if (a.version === b.version) return compareText(a.name, b.name);
    return a.version === null ? 1 : -1;
  }
  return compareVersions(a.version, b.version) || compareText(a.name, b.name);
}
