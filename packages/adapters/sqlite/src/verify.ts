import { DetentError, type Manifest } from '@detent/core';
import { verifyFile } from '@detent/core/backup';
import type { Bookkeeping } from './bookkeeping.ts';
import { SQLITE_WAIT_MS } from './busy.ts';
import type { Connection } from './driver.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { rowCounts } from './sums.ts';

/** Reads a backup as a whole. Its hash vouches for the checksums, which were taken from the same bytes. Throws `BACKUP_DAMAGED`. */
export async function verifyBackup(manifest: Manifest, live: Connection, books: Bookkeeping): Promise<void> {
  const { path } = manifest;
  const damaged = (what: string, cause?: unknown): DetentError =>
    new DetentError('BACKUP_DAMAGED', `The backup ${path} ${what}.`, {
      hint: 'Keep it for a closer look, and use another backup.',
      facts: { path },
      cause,
    });
  await verifyFile(manifest);
  let copy: Connection | undefined;
  try {
    copy = live.library.connect(path, { readOnly: true, busyTimeoutMs: SQLITE_WAIT_MS });
    const check = String(copy.value('PRAGMA quick_check(1)'));
    if (check !== 'ok') throw damaged(`does not pass SQLite's own check: ${check}`);
    if (schemaFingerprint(copy, books.own) !== manifest.fingerprint)
      throw damaged('has another schema than its manifest says');
    const counts = rowCounts(copy, books.own);
    const told = new Map(manifest.objects.map(({ name, rows }) => [name, rows]));
    if (counts.length !== told.size || counts.some(({ name, rows }) => told.get(name) !== rows))
      throw damaged('has other rows than its manifest says');
  } catch (error) {
    throw error instanceof DetentError ? error : damaged('cannot be read', error);
  } finally {
    copy?.close();
  }
}
