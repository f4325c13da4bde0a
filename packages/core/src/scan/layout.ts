import { DetentError, type Problem } from '../errors.ts';
import type { Layout } from '../config.ts';
import { compareText } from './version.ts';

export const LAYOUTS: readonly Layout[] = ['auto', 'detent', 'flyway', 'golang-migrate', 'goose', 'dbmate'];

/**
 * Under `auto` a source follows one custom, versions behind a `V` or bare ones. `LAYOUT_MIXED` names a file of each
 * when it follows both; `null` when it does not.
 */
export function findMixture(files: readonly { readonly file: string; readonly prefixed: boolean }[]): Problem | null {
  const prefixed = first(files.filter((file) => file.prefixed));
  const bare = first(files.filter((file) => !file.prefixed));
  if (prefixed === null || bare === null) return null;
  return new DetentError('LAYOUT_MIXED', `${prefixed} has a V before its version and ${bare} has none.`, {
    hint: 'Name all files in one way, or say which way is yours with "layout"; the files of another way go into "ignore".',
    facts: { place: { file: bare }, files: [prefixed, bare] },
  });
}

function first(files: readonly { readonly file: string }[]): string | null {
  return files.map(({ file }) => file).sort(compareText)[0] ?? null;
}
