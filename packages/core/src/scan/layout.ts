import { DetentError, type Problem } from '../errors.ts';
import type { Layout } from '../config.ts';
import type { MigrationFilename } from './filename.ts';
import { compareText } from './version.ts';

interface Named {
  readonly file: string;
  readonly filename: MigrationFilename;
}

export const LAYOUTS: readonly Layout[] = ['auto', 'detent', 'flyway', 'golang-migrate', 'goose', 'dbmate'];

/**
 * Under `auto` a source follows one custom, versions behind a `V` or bare ones. `LAYOUT_MIXED` names a file of each
 * when it follows both; `null` when it does not.
 */
export function findMixture(files: readonly Named[]): Problem | null {
  let prefixed: string | null = null;
  let bare: string | null = null;
  for (const { file, filename } of files) {
    if (filename.kind !== 'versioned') continue;
    if (filename.prefixed) prefixed = earlier(prefixed, file);
    else bare = earlier(bare, file);
  }
  if (prefixed === null || bare === null) return null;
  return new DetentError('LAYOUT_MIXED', `${prefixed} has a V before its version and ${bare} has none.`, {
    hint: 'Name all files in one way, or say which way is yours with "layout"; the files of another way go into "ignore".',
    facts: { place: { file: bare }, files: [prefixed, bare] },
  });
}

function earlier(file: string | null, other: string): string {
  return file === null || compareText(other, file) < 0 ? other : file;
}
