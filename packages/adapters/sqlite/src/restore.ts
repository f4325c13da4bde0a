import { DetentError, type HistoryStore, type Logger, type Manifest } from '@detent/core';
import type { Bookkeeping } from './bookkeeping.ts';
import { patiently, SQLITE_WAIT_MS, type Patience } from './busy.ts';
import type { Connection } from './driver.ts';
import { removeDatabase, syncFile } from './file.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { createHistory } from './history-writer.ts';
import { borrowedLink, type Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { contentSums } from './sums.ts';
import { verifyBackup } from './verify.ts';

export interface BackupSettings {
  readonly link: Link;
  readonly books: Bookkeeping;
  readonly lock: SessionLock;
  readonly patience: Patience;
  readonly logger: Logger;
}

/**
 * The backup is copied to a scratch file, the history is written there, and then the scratch goes over the live
 * database in one transaction of SQLite's backup interface. Killed at any moment, the database is as before or as
 * restored. A file put in its place would be read together with the old log beside it, which undoes the restore.
 */
export async function restoreFrom(
  { link, books, lock, patience, logger }: BackupSettings,
  manifest: Manifest,
  record: (history: HistoryStore) => Promise<void>,
): Promise<void> {
  const live = await link.writing();
  const { path } = live;
  if (path === null)
    throw new DetentError('RESTORE_FAILED', 'A database in memory cannot be restored.', { hint: 'Use a file.' });
  const scratchPath = `${path}.detent-restore`;
  try {
    await verifyBackup(manifest, live, books);
    await lock.quietly(async () => {
      lock.fence(live);
      await removeDatabase(scratchPath);
      const scratch = await makeScratch(live, manifest, scratchPath);
      try {
        lock.carryOver(live, scratch);
        const history = createHistory({
          link: borrowedLink(scratch, false),
          books,
          lock,
          patience,
          logger,
          isWorking: () => false,
        });
        await history.init();
        await record(history);
        lock.fence(live);
        await patiently(() => scratch.copyTo(path), patience);
      } finally {
        scratch.close();
      }
    });
    await compare(live, manifest, books.own);
  } catch (cause) {
    throw restoreFailed(manifest, cause);
  } finally {
    await removeDatabase(scratchPath);
  }
}

async function makeScratch(live: Connection, manifest: Manifest, path: string): Promise<Connection> {
  const copy = live.library.connect(manifest.path, { readOnly: true, busyTimeoutMs: SQLITE_WAIT_MS });
  try {
    await copy.copyTo(path);
  } finally {
    copy.close();
  }
  await syncFile(path);
  const scratch = live.library.connect(path, { readOnly: false, busyTimeoutMs: SQLITE_WAIT_MS });
  scratch.exec('PRAGMA journal_mode = DELETE');
  const pageSize = Number(live.value('PRAGMA page_size'));
  // A database in WAL mode cannot change its page size under a copy.
  if (pageSize !== Number(scratch.value('PRAGMA page_size'))) scratch.exec(`PRAGMA page_size = ${pageSize}; VACUUM`);
  return scratch;
}

async function compare(live: Connection, manifest: Manifest, own: readonly string[]): Promise<void> {
  const check = String(live.value('PRAGMA quick_check(1)'));
  if (check !== 'ok') throw new Error(`the restored database does not pass SQLite's own check: ${check}`);
  if (schemaFingerprint(live, own) !== manifest.fingerprint)
    throw new Error('the restored schema is not the one in the manifest');
  const sums = await contentSums(live, own);
  if (JSON.stringify(sums) !== JSON.stringify(manifest.objects))
    throw new Error('the restored rows are not those in the manifest');
}

function restoreFailed(manifest: Manifest, cause: unknown): DetentError {
  if (cause instanceof DetentError) return cause;
  const words = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
  return new DetentError('RESTORE_FAILED', `The backup could not be restored: ${words}.`, {
    hint: `The backup is kept at ${manifest.path}; put it back with \`detent restore\`.`,
    facts: { path: manifest.path },
    cause,
  });
}
