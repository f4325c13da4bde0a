import { randomUUID } from 'node:crypto';
import { open, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { DetentError, type BackupDriver, type Manifest } from '@detent/core';
import { deleteFiles, folderObstacles, hashFile, settleBackup } from '@detent/core/backup';
import { hasTable, type Bookkeeping } from './bookkeeping.ts';
import { patiently, SQLITE_WAIT_MS, type Patience } from './busy.ts';
import type { Connection } from './driver.ts';
import { removeDatabase, syncFile } from './file.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { restoreFrom, type BackupSettings } from './restore.ts';
import { verifyBackup } from './verify.ts';
import { contentSums } from './sums.ts';

/** Copies made by SQLite's own backup interface: a copy of the file would leave behind what is still in its log. */
export function createBackup(settings: BackupSettings): BackupDriver {
  const { link, books, patience } = settings;
  const session = randomUUID();
  return {
    async check(folder) {
      return obstacles(await link.reading(), link.path, folder);
    },

    async backup(path, signal) {
      const live = await link.writing();
      const part = `${path}.part`;
      try {
        for (const obstacle of await obstacles(live, live.path, dirname(path))) throw new Error(obstacle);
        await refuseExisting(path);
        const dataVersion = Number(live.value('PRAGMA data_version'));
        await copySnapshot(live, part, patience);
        signal?.throwIfAborted();
        const manifest = await describe(live, part, books, signal);
        const complete: Manifest = { ...manifest, path, details: { ...manifest.details, session, dataVersion } };
        await settleBackup(part, complete);
        return complete;
      } catch (cause) {
        await removeDatabase(part);
        throw backupFailed(path, cause);
      }
    },

    async verify(manifest) {
      await verifyBackup(manifest, await link.reading(), books);
    },

    async sums() {
      return readAside(await link.reading(), patience, (aside) => contentSums(aside, books.own));
    },

    // Only commits of other connections change what this pragma says, and only for the connection that asks.
    async othersWrote({ details }) {
      const connection = await link.reading();
      return (
        details['session'] !== session || details['dataVersion'] !== Number(connection.value('PRAGMA data_version'))
      );
    },

    async restore(manifest, record) {
      await restoreFrom(settings, manifest, record);
    },

    delete: deleteFiles,
  };
}

async function obstacles(connection: Connection, path: string | null, folder: string): Promise<readonly string[]> {
  if (path === null) return ['A database in memory cannot be backed up.'];
  return folderObstacles(folder, sizeOf(connection));
}

function sizeOf(connection: Connection): number {
  return Number(connection.value('PRAGMA page_count')) * Number(connection.value('PRAGMA page_size'));
}

async function refuseExisting(path: string): Promise<void> {
  if ((await stat(path).catch(() => null)) !== null) throw new Error(`${path} is there already`);
}

/**
 * From a second connection that has begun to read: it keeps one state of the database, whoever commits meanwhile, and
 * the session's own connection stays free for its signs of life.
 */
async function copySnapshot(live: Connection, target: string, patience: Patience): Promise<void> {
  await (await open(target, 'wx', 0o600)).close();
  await readAside(live, patience, (aside) => aside.copyTo(target));
  const copy = live.library.connect(target, { readOnly: false, busyTimeoutMs: SQLITE_WAIT_MS });
  // The copy of a database in WAL mode would want a log of its own wherever it is read.
  copy.exec('PRAGMA journal_mode = DELETE');
  copy.close();
  await syncFile(target);
}

/** Does `read` in one read transaction of a second connection; in memory there is only the first. */
async function readAside<T>(live: Connection, patience: Patience, read: (aside: Connection) => Promise<T>): Promise<T> {
  if (live.path === null) return read(live);
  const aside = live.library.connect(live.path, { readOnly: true, busyTimeoutMs: SQLITE_WAIT_MS });
  try {
    aside.exec('BEGIN');
    await patiently(() => aside.value('SELECT count(*) FROM sqlite_schema'), patience);
    return await read(aside);
  } finally {
    aside.close();
  }
}

/** What the copy holds, counted in the copy. */
async function describe(live: Connection, path: string, books: Bookkeeping, signal?: AbortSignal): Promise<Manifest> {
  const copy = live.library.connect(path, { readOnly: true, busyTimeoutMs: SQLITE_WAIT_MS });
  try {
    return {
      format: 'detent-backup-1',
      adapter: 'sqlite',
      product: 'SQLite',
      serverVersion: String(copy.value('SELECT sqlite_version()')),
      path,
      createdAt: Date.now(),
      runId: runOf(copy, books),
      bytes: (await stat(path)).size,
      hash: await hashFile(path, signal),
      fingerprint: schemaFingerprint(copy, books.own),
      objects: await contentSums(copy, books.own),
      details: { pages: Number(copy.value('PRAGMA page_count')), pageSize: Number(copy.value('PRAGMA page_size')) },
    };
  } finally {
    copy.close();
  }
}

function runOf(copy: Connection, books: Bookkeeping): string | null {
  return hasTable(copy, books.lock.table)
    ? ((copy.value(books.lock.runId) as string | null | undefined) ?? null)
    : null;
}

function backupFailed(path: string, cause: unknown): DetentError {
  if (cause instanceof DetentError) return cause;
  const words = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
  return new DetentError('BACKUP_FAILED', `The backup ${basename(path)} could not be written: ${words}.`, {
    hint: 'Nothing was changed. Clear what is in the way, or choose another folder for backups.',
    facts: { path },
    cause,
  });
}
