import { DetentError, type Problem } from '../errors.ts';
import type { Layout } from '../config.ts';
import type { MigrationFilename } from './filename.ts';
import { compareText } from './version.ts';

interface Named {
  readonly file: string;
  readonly filename: MigrationFilename;
}

export const LAYOUTS: readonly Layout[] = [
  'auto',
  'detent',
  'flyway',
  'golang-migrate',
  'goose',
  'dbmate',
  'migrate-mongo',
];

/**
 * Under `auto` a source follows one custom, versions behind a `V` or bare ones. `LAYOUT_MIXED` names a file of each
 * when it follows both; `null` when it does not.
 */
export function findMixture(files: readonly Named[]): Problem | null {
  const isPrefixed = ({ filename }: Named): boolean => filename.kind === 'versioned' && filename.prefixed;
  const isBare = ({ filename }: Named): boolean => filename.kind === 'versioned' && !filename.prefixed;
  if (!files.some(isPrefixed) || !files.some(isBare)) return null;
  const prefixed = firstOf(files.filter(isPrefixed));
  const bare = firstOf(files.filter(isBare));
  return new DetentError('LAYOUT_MIXED', `${prefixed} has a V before its version and ${bare} has none.`, {
    hint: 'Name all files in one way, or say which way is yours with "layout"; the files of another way go into "ignore".',
    facts: { place: { file: bare }, files: [prefixed, bare] },
  });
}

function firstOf(files: readonly Named[]): string {
  return files.map(({ file }) => file).reduce((first, file) => (compareText(file, first) < 0 ? file : first));
}
