import { randomUUID } from 'node:crypto';
import { rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type BackupDriver, type Manifest } from '@detent/core';
import {
  backupFailed,
  deleteFiles,
  manifestPath,
  restoreFailed,
  settleBackup,
  ToolFailed,
  verifyFile,
  wroteMeanwhile,
} from '@detent/core/backup';
import { obstacles } from './backup-check.ts';
import { dump, type Dump } from './dump.ts';
import { translate } from './errors.ts';
import type { MysqlHistory } from './history.ts';
import { by, type Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { copyMethod } from './method-copy.ts';
import { dumpMethod } from './method-dump.ts';
import { METHODS, type BackupMethod, type Method } from './method.ts';
import { restoreAside } from './restore.ts';
import { rehearse, scratchOf } from './shadow.ts';
import { SchemaMoved } from './snapshot.ts';
import { contentSums } from './sums.ts';
import type { Transactions } from './transaction.ts';
import type { Ways } from './ways.ts';
import { activityOf, isUntouched } from './witness.ts';
import { isRefused, valueOf, type Wire } from './wire.ts';

export interface BackupSettings {
  readonly link: Link;
  /** How backups are made; restored they are by what made them. */
  readonly by: BackupMethod;
  /** `null` where the connection is a user's own. */
  readonly ways: Ways | null;
  readonly lock: SessionLock;
  readonly transactions: Transactions;
  readonly history: MysqlHistory;
}

/** How often a backup is begun anew whose schema changed meanwhile. */
const TRIES = 3;
/** How long for a lock, where nobody said. */
const LOCK_MS = 10_000;
/** Somebody changed the schema or had a table locked: no such table, changed since the snapshot, waited too long, a deadlock. */
const PASSING = [1146, 1412, 1205, 1213, 1054, 1305];

/** Copies by the method that was chosen, in one snapshot, each restored beside the database; see `dump` and `restoreAside`. */
export function createBackup({ link, by: chosen, ways, lock, transactions, history }: BackupSettings): BackupDriver {
  const session = randomUUID();
  /** Backups of which it was said that nobody wrote since; it must still be so when they are restored. */
  const quiet = new Set<string>();
  const lockMs = (): number => link.limits.lockMs || LOCK_MS;

  /** The connection that does the long parts: one of its own, where there can be one. */
  const worker = async (): Promise<Wire> => (await link.beside()) ?? link.wire;
  const wires = async (): Promise<readonly Wire[]> => [...new Set([link.wire, await worker()])];
  const working = async <T>(work: (link: Link) => Promise<T>): Promise<T> => {
    if ((await link.wire.look()).inTransaction)
      throw new DetentError('INTERNAL', 'A transaction is open where none should be.');
    const wire = await worker();
    if (wire === link.wire) link.traces = true;
    try {
      return await work(by(link, wire));
    } finally {
      if (wire === link.wire && wire.isOpen) await link.restore();
    }
  };

  const othersWrote = async (manifest: Manifest, on: Wire, place: string): Promise<boolean> => {
    const { activity } = manifest.details;
    const now = await activityOf(link, await wires(), 'ends');
    if (now !== null && now === activity) return false;
    return !(await isUntouched(link, on, place, await methodOf(manifest).contents(manifest), manifest));
  };

  const dumping: Dump = async (keeper, signal) => {
    const guard = (await link.beside()) === null ? null : await link.another();
    try {
      return await working((on) => dump({ link: on, lockMs: lockMs(), signal, guard }, keeper));
    } catch (error) {
      const wire = await worker();
      // What it still sends is of no use to anybody.
      if (wire !== link.wire) await wire.close(true);
      else if (wire.isOpen) await wire.run('ROLLBACK').catch(() => undefined);
      throw error;
    } finally {
      await guard?.close(true);
    }
  };

  const methods: Readonly<Record<BackupMethod, () => Method>> = {
    copy: () => copyMethod(dumping),
    dump: () => dumpMethod(link, dumping, ways),
  };
  const methodOf = ({ path, details }: Manifest): Method => {
    const found = METHODS.find((name) => name === details['by']);
    if (found !== undefined) return methods[found]();
    throw new DetentError('BACKUP_DAMAGED', `The backup ${path} was made by a way that this version does not know.`, {
      hint: 'Restore it with the version of Detent that made it.',
      facts: { path },
    });
  };

  /** Looks whether what was written can be put back, or removes it. */
  const rehearsed = async (part: string, manifest: Manifest): Promise<void> => {
    try {
      const scratch = scratchOf(await link.books());
      await working((on) => rehearse(on, scratch, methodOf(manifest), { ...manifest, path: part }));
    } catch (cause) {
      await rm(part, { force: true });
      throw cause;
    }
  };

  return {
    check: (folder) => working((on) => obstacles(on, methods[chosen](), folder)),

    async backup(path, signal) {
      const part = `${path}.part`;
      try {
        for (const there of [path, manifestPath(path)])
          if ((await stat(there).catch(() => null)) !== null) throw new Error(`${there} is there already`);
        const { product, version } = await link.greeting();
        const runId = lock.held === null ? null : await runOf(link);
        return await again(signal, async () => {
          const activity = await activityOf(link, await wires(), 'begins');
          const { bytes, hash, fingerprint, objects, details } = await methods[chosen]().write(part, signal);
          const manifest: Manifest = {
            format: 'detent-backup-1',
            adapter: 'mysql',
            product,
            serverVersion: version,
            path,
            createdAt: Date.now(),
            runId,
            bytes,
            hash,
            fingerprint,
            objects,
            details: { by: chosen, session, activity: activity ?? '', ...details },
          };
          await rehearsed(part, manifest);
          await settleBackup(part, manifest);
          return manifest;
        });
      } catch (cause) {
        throw backupFailed(path, translate(cause, link.target));
      }
    },

    async verify(manifest) {
      await verifyFile(manifest);
      methodOf(manifest);
    },

    sums: () => again(undefined, () => working(contentSums)),

    async othersWrote(manifest) {
      quiet.delete(manifest.path);
      if (manifest.details['session'] !== session) return true;
      const { schema } = await link.books();
      const wrote = await working((on) => othersWrote(manifest, on.wire, schema));
      if (!wrote) quiet.add(manifest.path);
      return wrote;
    },

    async restore(manifest, record) {
      try {
        await verifyFile(manifest);
        await working(async ({ wire }) => {
          const { schema } = await link.books();
          const wrote = async (place: string): Promise<boolean> =>
            quiet.has(manifest.path) && othersWrote(manifest, wire, place);
          const whenLocked = async (): Promise<void> => {
            if (await wrote(schema)) throw wroteMeanwhile(manifest);
          };
          const ours = { link, lock, transactions, history };
          const settings = { ...ours, method: methodOf(manifest), worker: wire, lockMs: lockMs(), whenLocked };
          await restoreAside({ ...settings, wroteInto: wrote }, manifest, record);
        });
      } catch (cause) {
        throw restoreFailed(manifest, translate(cause, link.target));
      }
    },

    delete: deleteFiles,
  };
}

/** Tries anew what somebody else had in the way who may be gone by then. */
async function again<T>(signal: AbortSignal | undefined, work: () => Promise<T>): Promise<T> {
  for (let tries = 1; ; tries += 1) {
    try {
      return await work();
    } catch (error) {
      if (tries >= TRIES || signal?.aborted === true || !isPassing(error)) throw error;
      await sleep(100 * tries);
    }
  }
}

function isPassing(error: unknown): boolean {
  if (error instanceof SchemaMoved || isRefused(error, ...PASSING)) return true;
  if (error instanceof ToolFailed) return PASSING.some((code) => new RegExp(`\\b${code}\\b`).test(error.message));
  return error instanceof DetentError && PASSING.includes(Number(error.facts.serverCode));
}

async function runOf(link: Link): Promise<string | null> {
  const { history } = await link.books();
  return valueOf((await link.ask(`SELECT run_id FROM ${history.tables.lock} WHERE id = 1`))[0]);
}
