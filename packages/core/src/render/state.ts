import { ERROR_CODES } from '../errors.ts';
import { exitCodeOf, type MigrationResult } from '../result.ts';
import { compareVersions } from '../scan/version.ts';
import { counted } from './text.ts';

/** The highest version that stands after the run, as far as the run knows; `null` when nothing is applied. */
export function versionAfter({ migrated, executed }: Pick<MigrationResult, 'migrated' | 'executed'>): string | null {
  const standing = new Map(migrated.map(({ id, version }) => [id, version]));
  for (const { id, version, direction } of executed) {
    if (direction === 'up') standing.set(id, version);
    else standing.delete(id);
  }
  let highest: string | null = null;
  for (const version of standing.values()) {
    if (version !== null && (highest === null || compareVersions(version, highest) > 0)) highest = version;
  }
  return highest;
}

export function atVersion(version: string | null): string {
  return version === null ? 'before the first migration' : `at version ${version}`;
}

/** Where the database stands after a run that did not succeed, and what that means, in plain words. */
export function stateAfterFailure(result: MigrationResult): string {
  const code = exitCodeOf(result);
  const first = result.errors[0]?.code;
  const where = atVersion(versionAfter(result));
  if (result.rollback === 'blocked')
    return 'The database is as the failure left it, between two versions. The backup was not restored, because that would lose rows.';
  if (first === 'LOCK_LOST' || first === 'CONNECTION') {
    return result.rollback === 'incomplete'
      ? 'The run was cut off. What had been committed stands; the next run finds out where it stopped and goes on from there.'
      : 'Nothing of this run stands.';
  }
  if (result.rollback === 'incomplete') return 'The database stands between two versions. `detent status` shows where.';
  if (result.rollback === 'complete') return `The database is as it was before this run: ${where}.`;
  if (code === ERROR_CODES.STATE || code === ERROR_CODES.LOCK_HELD) return 'Nothing ran. The database is as it was.';
  if (first === 'UNKNOWN_STATE') return 'Nothing else was run. Settle this first.';
  const { executed } = result;
  // One that was stopped before it connected knows no more.
  if (first === 'CANCELLED' && executed.length + result.migrated.length === 0)
    return 'The database is as it was before this run.';
  if (executed.length === 0) return `The database is as it was before this run: ${where}.`;
  return `The database is ${where}: ${counted(executed.length, 'step')} of this run succeeded before the failure and ${executed.length === 1 ? 'stays' : 'stay'}.`;
}

/** What the exit code says to whoever started the process. `somethingStands`: what ran before the failure stays. */
export function exitMeaning(code: number, somethingStands: boolean): string {
  switch (code) {
    case 0:
      return 'done';
    case 1:
      return somethingStands
        ? 'failed, and the database stands on a version'
        : 'failed, and the database is back where it was';
    case 2:
      return 'differences found';
    case 3:
      return 'somebody else holds the lock';
    case 4:
      return 'refused before anything ran';
    case 64:
      return 'wrong usage or configuration';
    case 69:
      return 'no connection';
    case 75:
      return 'the lock was lost, and the run stopped itself';
    default:
      return 'not completely rolled back, or not known: a person must look';
  }
}
