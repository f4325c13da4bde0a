import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type BackupDriver, type Manifest } from '@detent/core';
import {
  backupFailed,
  manifestPath,
  restoreFailed,
  settleBackup,
  ToolFailed,
  verifyFile,
  wroteMeanwhile,
} from '@detent/core/backup';
import { obstacles } from './backup-check.ts';
import { SchemaMoved, type Contents } from './dump.ts';
import { translate } from './errors.ts';
import type { PostgresHistory } from './history-writer.ts';
import { valueOf, type Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { copyMethod } from './method-copy.ts';
import { dumpMethod } from './method-dump.ts';
import { templateMethod } from './method-template.ts';
import { METHODS, type BackupMethod, type Method } from './method.ts';
import { lockMsOf, solitudeOf } from './reader.ts';
import { restoreInPlace, type Rebuilding } from './restore.ts';
import { contentSums, FIXED_TEXT, type Ask } from './sums.ts';
import type { Transactions } from './transaction.ts';
import type { Ways } from './ways.ts';
import { isUntouched } from './witness.ts';
import { Refused } from './wire.ts';

export interface BackupSettings {
  readonly link: Link;
  /** How backups are made; restored they are by what made them. */
  readonly by: BackupMethod;
  /** `null` where the connection is a user's own. */
  readonly ways: Ways | null;
  readonly lock: SessionLock;
  readonly transactions: Transactions;
  readonly history: PostgresHistory;
}

/** How often a backup is begun anew whose schema changed meanwhile, and a restore that did not get its locks. */
const TRIES = 3;

/** Copies by the method that was chosen, each restored in one transaction by the method that made it; see `restoreInPlace`. */
export function createBackup({ link, by, ways, lock, transactions, history }: BackupSettings): BackupDriver {
  const session = randomUUID();
  /** Backups of which it was said that nobody wrote since; it must still be so when they are restored. */
  const quiet = new Set<string>();
  const methods: Readonly<Record<BackupMethod, () => Method>> = {
    copy: () => copyMethod(link),
    pg_dump: () => dumpMethod(link, ways),
    template: () => templateMethod(link, ways),
  };
  const methodOf = ({ path, details }: Manifest): Method => {
    const found = METHODS.find((name) => name === details['by']);
    if (found !== undefined) return methods[found]();
    throw damaged(path, 'was made by a way that this version of Detent does not know');
  };

  const looking = async <T>(look: (ask: Ask) => Promise<T>): Promise<T> => {
    if (link.wire.status !== 'I') throw new DetentError('INTERNAL', 'A transaction is open where none should be.');
    await link.ask('BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY', ...FIXED_TEXT);
    try {
      return await look(link.ask);
    } finally {
      if (link.wire.isOpen) await link.ask('ROLLBACK');
    }
  };

  const othersWrote = async (manifest: Manifest, isInside: boolean): Promise<boolean> => {
    const { sessions } = manifest.details;
    const alone = await solitudeOf(link, 'ends');
    if (alone !== null && alone === sessions) return false;
    const books = await link.books();
    const untouched = async (): Promise<boolean> =>
      isUntouched(link, books, manifest, await methodOf(manifest).contents(manifest));
    return !(await (isInside ? untouched() : looking(untouched)));
  };

  return {
    check: (folder) => looking((ask) => obstacles(link, methods[by](), ask, folder)),

    async backup(path, signal) {
      const part = `${path}.part`;
      const method = methods[by]();
      try {
        for (const there of [path, manifestPath(path)])
          if ((await stat(there).catch(() => null)) !== null) throw new Error(`${there} is there already`);
        const { version } = await link.greeting();
        const runId = lock.held === null ? null : await runOf(link);
        for (let tries = 1; ; tries += 1) {
          try {
            const { bytes, hash, fingerprint, objects, sessions, details } = await method.write(part, signal);
            const manifest: Manifest = {
              format: 'detent-backup-1',
              adapter: 'postgres',
              product: 'PostgreSQL',
              serverVersion: version,
              path,
              createdAt: Date.now(),
              runId,
              bytes,
              hash,
              fingerprint,
              objects,
              details: { by, session, sessions: sessions ?? '', ...details },
            };
            await settleBackup(part, manifest, (begun) => method.delete(begun));
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

    async verify(manifest) {
      await verifyFile(manifest);
      try {
        await methodOf(manifest).verify(manifest);
      } catch (cause) {
        if (cause instanceof DetentError) throw cause;
        throw damaged(manifest.path, cause instanceof Error ? cause.message : String(cause));
      }
    },

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
        const method = methodOf(manifest);
        const whenLocked = async (): Promise<void> => {
          if (quiet.has(manifest.path) && (await othersWrote(manifest, true))) throw wroteMeanwhile(manifest);
        };
        let searchPath = '';
        for (let tries = 1; ; tries += 1) {
          try {
            const rebuild = (rebuilding: Rebuilding): Promise<Contents> => method.rebuild(manifest, rebuilding);
            await restoreInPlace(
              { link, copy, rebuild, transactions, history, lockMs: lockMsOf(link), searchPath, whenLocked },
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
        throw restoreFailed(manifest, translate(cause, link.target), true);
      }
    },

    delete: (manifest) => methodOf(manifest).delete(manifest),
  };
}

function damaged(path: string, flaw: string): DetentError {
  return new DetentError('BACKUP_DAMAGED', `The backup ${path} ${flaw}.`, {
    hint: 'Keep it for a closer look, and use another backup.',
    facts: { path },
  });
}

/** Somebody changed the schema or had a table locked, so that another try may succeed. */
function mayPass(error: unknown): boolean {
  if (error instanceof SchemaMoved) return true;
  if (error instanceof ToolFailed) return !error.message.includes('connection to server');
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
