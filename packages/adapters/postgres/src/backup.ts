import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { basename, dirname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type BackupDriver, type Manifest } from '@detent/core';
import { manifestPath, writeManifest } from '@detent/core/backup';
import { createAside } from './aside.ts';
import { obstacles } from './backup-check.ts';
import { createBackupFile } from './backup-file.ts';
import { dump, SchemaMoved, type Dumped } from './dump.ts';
import { translate } from './errors.ts';
import { hashFile, renameDurably } from './file.ts';
import { schemaFingerprint } from './fingerprint.ts';
import type { PostgresHistory } from './history.ts';
import { valueOf, type Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { restoreFailed, restoreInPlace } from './restore.ts';
import { contentSums, FIXED_TEXT, type Ask } from './sums.ts';
import type { Transactions } from './transaction.ts';
import { isUntouched, lookAround } from './witness.ts';
import { Refused, type Wire } from './wire.ts';

export interface BackupSettings {
  readonly link: Link;
  readonly lock: SessionLock;
  readonly transactions: Transactions;
  readonly history: PostgresHistory;
}

/** How often a backup is begun anew whose schema changed meanwhile, and a restore that did not get its locks. */
const TRIES = 3;
/** How long for a lock, where nobody said. */
const LOCK_MS = 10_000;

/** Copies as text that the server writes and reads, in one snapshot and in one transaction; see `dump` and `restoreInPlace`. */
export function createBackup({ link, lock, transactions, history }: BackupSettings): BackupDriver {
  const session = randomUUID();
  /** Backups of which it was said that nobody wrote since; it must still be so when they are restored. */
  const quiet = new Set<string>();
  const lockMs = (): number => link.limits.lockMs || LOCK_MS;

  const looking = async <T>(look: (ask: Ask) => Promise<T>): Promise<T> => {
    if (link.wire.status !== 'I') throw new DetentError('INTERNAL', 'A transaction is open where none should be.');
    await link.ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', ...FIXED_TEXT);
    try {
      return await look(link.ask);
    } finally {
      if (link.wire.isOpen) await link.ask('ROLLBACK');
    }
  };
  /** The connection that the snapshot is read by: one of its own, where there can be one. */
  const reader = async (): Promise<Wire> => (await link.beside()) ?? link.wire;
  const pidsOf = async (wire: Wire): Promise<readonly number[]> => {
    const { pid, pooled } = await link.greeting();
    return pooled ? [] : [pid, ...(wire.startPid === null ? [] : [wire.startPid])];
  };

  const othersWrote = async (manifest: Manifest, isInside: boolean): Promise<boolean> => {
    const { versionNumber } = await link.greeting();
    const { sessions } = manifest.details;
    const alone = await lookAround(link.ask, await pidsOf(await reader()), 'ends', versionNumber);
    if (alone !== null && alone === sessions) return false;
    const books = await link.books();
    const untouched = (): Promise<boolean> => isUntouched(link, books, manifest);
    return !(await (isInside ? untouched() : looking(untouched)));
  };

  const attempt = async (
    wire: Wire,
    path: string,
    signal: AbortSignal | undefined,
  ): Promise<[Dumped, string, number]> => {
    const copy = wire.copy;
    if (copy === null) throw new Error('this driver has no streams');
    const writer = await createBackupFile(path);
    try {
      const dumped = await dump(
        {
          ask: (...texts) => wire.run(texts.join(';\n')),
          copy,
          books: await link.books(),
          version: (await link.greeting()).versionNumber,
          lockMs: lockMs(),
          signal,
          aside: wire === link.wire || (await link.greeting()).pooled ? null : createAside(link),
          fingerprintNow: () => schemaFingerprint(link, false),
        },
        writer,
      );
      const { bytes, hash } = await writer.finish();
      return [dumped, hash, bytes];
    } catch (error) {
      await writer.abandon();
      await rm(path, { force: true });
      if (wire.isOpen && wire.status !== 'I') await wire.run('ROLLBACK').catch(() => undefined);
      throw error;
    }
  };

  return {
    async check(folder) {
      return looking((ask) => obstacles(link, ask, folder));
    },

    async backup(path, signal) {
      const part = `${path}.part`;
      try {
        for (const there of [path, manifestPath(path)])
          if ((await stat(there).catch(() => null)) !== null) throw new Error(`${there} is there already`);
        const { version, versionNumber } = await link.greeting();
        for (let tries = 1; ; tries += 1) {
          const wire = await reader();
          const sessions = await lookAround(link.ask, await pidsOf(wire), 'begins', versionNumber);
          try {
            const [dumped, hash, bytes] = await attempt(wire, part, signal);
            const manifest: Manifest = {
              format: 'detent-backup-1',
              adapter: 'postgres',
              product: 'PostgreSQL',
              serverVersion: version,
              path,
              createdAt: Date.now(),
              runId: lock.held === null ? null : await runOf(link),
              bytes,
              hash,
              fingerprint: dumped.fingerprint,
              objects: dumped.objects,
              details: { by: 'copy', session, sessions: sessions ?? '', rows: dumped.rows },
            };
            await settle(part, manifest);
            return manifest;
          } catch (error) {
            if (tries >= TRIES || signal?.aborted === true || !mayPass(error)) throw error;
            await sleep(100 * tries);
          }
        }
      } catch (cause) {
        throw backupFailed(path, translate(cause, link.target));
      }
    },

    verify: verifyFile,

    async sums() {
      const books = await link.books();
      return looking((ask) => contentSums(ask, books));
    },

    async othersWrote(manifest) {
      quiet.delete(manifest.path);
      if (manifest.details['session'] !== session) return true;
      const wrote = await othersWrote(manifest, false);
      if (!wrote) quiet.add(manifest.path);
      return wrote;
    },

    async restore(manifest, record) {
      const { copy } = link.wire;
      try {
        if (copy === null) throw new Error('this driver has no streams');
        await verifyFile(manifest);
        const whenLocked = async (): Promise<void> => {
          if (quiet.has(manifest.path) && (await othersWrote(manifest, true))) throw wroteMeanwhile(manifest);
        };
        let searchPath = '';
        for (let tries = 1; ; tries += 1) {
          try {
            await restoreInPlace(
              { link, copy, transactions, history, lockMs: lockMs(), searchPath, whenLocked },
              manifest,
              record,
            );
            return;
          } catch (error) {
            const isLocked = error instanceof DetentError && error.code === 'LOCK_TIMEOUT';
            const isLost = searchPath === '' && isMissing(error);
            if ((!isLocked && !isLost) || tries > TRIES || !link.wire.isOpen) throw error;
            // A function in an index or a view names something without its schema.
            if (isLost) searchPath = valueOf((await link.ask('SHOW search_path'))[0]) ?? '';
            else await sleep(500 * tries);
          }
        }
      } catch (cause) {
        throw restoreFailed(manifest, translate(cause, link.target));
      }
    },
  };
}

/** Gives the backup its name and its manifest, or removes it. */
async function settle(part: string, manifest: Manifest): Promise<void> {
  try {
    await writeManifest(manifest);
    await renameDurably(part, manifest.path);
  } catch (error) {
    for (const left of [part, manifestPath(manifest.path)]) await rm(left, { force: true });
    throw error;
  }
}

/** Throws `BACKUP_DAMAGED`. The hash vouches for everything inside, which was compared with the server when it was written. */
async function verifyFile({ path, bytes, hash }: Manifest): Promise<void> {
  const stats = await stat(path).catch(() => null);
  const flaw =
    stats === null
      ? 'is not there'
      : stats.size !== bytes || (await hashFile(path)) !== hash
        ? 'is not as it was written'
        : null;
  if (flaw === null) return;
  throw new DetentError('BACKUP_DAMAGED', `The backup ${path} ${flaw}.`, {
    hint: 'Keep it for a closer look, and use another backup.',
    facts: { path },
  });
}

/** Somebody changed the schema or had a table locked, so that another try may succeed. */
function mayPass(error: unknown): boolean {
  if (error instanceof SchemaMoved) return true;
  return error instanceof Refused && error.failure.kind === 'refused' && PASSING.has(error.failure.code);
}

/** A lock that was not got, and things that are not there any more. */
const PASSING = new Set(['55P03', '40P01', '40001', '42P01', '42703', 'XX000']);

function isMissing(error: unknown): boolean {
  const code = error instanceof DetentError ? error.facts.serverCode : undefined;
  return code !== undefined && ['42P01', '42883', '42704'].includes(code);
}

async function runOf(link: Link): Promise<string | null> {
  const { history } = await link.books();
  return valueOf((await link.ask(`SELECT run_id FROM ${history.tables.lock} WHERE id = 1`))[0]);
}

function wroteMeanwhile({ path }: Manifest): DetentError {
  return new DetentError('RESTORE_BLOCKED', 'Others wrote to the database while the restore was being prepared.', {
    hint: `When losing that is acceptable, run \`detent restore ${path}\`.`,
    facts: { backup: path },
  });
}

function backupFailed(path: string, cause: unknown): DetentError {
  if (cause instanceof DetentError && cause.code !== 'INTERNAL' && cause.code !== 'READ_ONLY') {
    if (cause.code === 'LOCK_LOST' || cause.code === 'CONNECTION') return cause;
  }
  const words = cause instanceof Error ? cause.message.replace(/\.$/, '') : String(cause);
  return new DetentError('BACKUP_FAILED', `The backup ${basename(path)} could not be written: ${words}.`, {
    hint: 'Nothing was changed. Clear what is in the way, or choose another folder for backups.',
    facts: { ...(cause instanceof DetentError ? cause.facts : {}), path, folder: dirname(path) },
    cause,
  });
}
