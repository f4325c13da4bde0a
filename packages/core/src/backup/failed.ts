import { basename, dirname } from 'node:path';
import { DetentError } from '../errors.ts';
import type { Manifest } from '../ports/backup.ts';

/** `BACKUP_FAILED` with the words of the cause; a lost lock or connection stays what it is. */
export function backupFailed(path: string, cause: unknown): DetentError {
  if (cause instanceof DetentError && (cause.code === 'LOCK_LOST' || cause.code === 'CONNECTION')) return cause;
  return new DetentError('BACKUP_FAILED', `The backup ${basename(path)} could not be written: ${wordsOf(cause)}.`, {
    hint: 'Nothing was changed. Clear what is in the way, or choose another folder for backups.',
    facts: { ...(cause instanceof DetentError ? cause.facts : {}), path, folder: dirname(path) },
    cause,
  });
}

/** `RESTORE_FAILED` with the words of the cause; what an adapter has a better word for stays what it is. */
export function restoreFailed({ path }: Manifest, cause: unknown, isUnchanged = false): DetentError {
  if (cause instanceof DetentError && cause.code !== 'INTERNAL' && cause.code !== 'READ_ONLY') return cause;
  const kept = `The backup is kept at ${path}; put it back with \`detent restore\`.`;
  return new DetentError('RESTORE_FAILED', `The backup could not be restored: ${wordsOf(cause)}.`, {
    hint: isUnchanged ? `Nothing was changed. ${kept}` : kept,
    facts: { ...(cause instanceof DetentError ? cause.facts : {}), path },
    cause,
  });
}

/** `RESTORE_BLOCKED`: what others wrote would be lost. */
export function wroteMeanwhile({ path }: Manifest): DetentError {
  return new DetentError('RESTORE_BLOCKED', 'Others wrote to the database while the restore was being prepared.', {
    hint: `When losing that is acceptable, run \`detent restore ${path}\`.`,
    facts: { backup: path },
  });
}

function wordsOf(cause: unknown): string {
  return cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
}
