import { rm, stat } from 'node:fs/promises';
import { setTimeout as sleep } from 'node:timers/promises';
import type { BackupDriver, Manifest, ObjectSum } from '@detent/core';
import {
  backupFailed,
  createSectionFile,
  deleteFiles,
  folderObstacles,
  manifestPath,
  restoreFailed,
  settleBackup,
  verifyFile,
  wroteMeanwhile,
} from '@detent/core/backup';
import { dump, FORMAT, SchemaMoved, spelledByName, type Dumped } from './dump.ts';
import { failureOf, translate } from './errors.ts';
import { isOfUser } from './fingerprint.ts';
import { readLock } from './holder.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { rawDocuments } from './raw.ts';
import { restoreAside } from './restore.ts';
import { RESTORING, rawStructures } from './structures.ts';
import { sumOf } from './sums.ts';
import type { RunTransaction } from './transaction.ts';

export interface BackupSettings {
  readonly link: Link;
  readonly lock: SessionLock;
  readonly transaction: RunTransaction;
}

/** How often a backup is begun anew whose schema changed meanwhile. */
const TRIES = 3;
/** The snapshot went by, or a collection is younger than it. */
const SNAPSHOT_GONE: ReadonlySet<number | null> = new Set([239, 246]);
/** Of a namespace, with the database in front. */
const LONGEST = 255;

/** Copies as the server's own bytes, in one snapshot; see `dump` and `restoreAside`. */
export function createBackup({ link, lock, transaction }: BackupSettings): BackupDriver {
  const { db, books, touched } = link;
  /** Backups of which it was said that nobody wrote since; it must still be so when they are restored. */
  const quiet = new Set<string>();
  let mine: { readonly path: string; readonly structures: ReadonlyMap<string, string> } | null = null;

  const sums: BackupDriver['sums'] = () =>
    link.ask(async () => {
      const structures = (await rawStructures(db)).filter(
        ({ name, type }) => type !== 'view' && isOfUser(name, books.own),
      );
      const bulk = await link.bulk();
      const found: ObjectSum[] = [];
      // One after another: each holds a batch of documents in memory.
      for (const { name } of structures) found.push(await sumOf(bulk, name));
      return found;
    });

  /** Collections that this run wrote to are its own to take back; every other must be as it was. */
  const wroteSince = async ({ objects }: Manifest): Promise<boolean> => {
    const now = new Map((await sums()).map((sum) => [sum.name, sum]));
    const then = new Map(objects.map((sum) => [sum.name, sum]));
    const structures = spelledByName(await link.ask(() => rawStructures(db)));
    const names = new Set([...now.keys(), ...then.keys(), ...structures.keys(), ...(mine?.structures.keys() ?? [])]);
    return [...names].some(
      (name) =>
        isOfUser(name, books.own) &&
        !touched.has(name) &&
        (JSON.stringify(now.get(name)) !== JSON.stringify(then.get(name)) ||
          structures.get(name) !== mine?.structures.get(name)),
    );
  };

  const attempt = async (path: string, signal?: AbortSignal): Promise<[Dumped, { bytes: number; hash: string }]> => {
    for (let tries = 1; ; tries += 1) {
      const writer = await createSectionFile(path, FORMAT);
      try {
        const dumped = await dump(link, writer, { compress: link.compress, signal });
        return [dumped, await writer.finish()];
      } catch (error) {
        await writer.abandon();
        await rm(path, { force: true });
        if (!isPassing(error) || tries >= TRIES) throw error;
        await sleep(100 * tries);
      }
    }
  };

  return {
    check: (folder) => link.ask(() => obstacles(link, folder)),

    async backup(path, signal) {
      const part = `${path}.part`;
      try {
        for (const there of [path, manifestPath(path)])
          if ((await stat(there).catch(() => null)) !== null) throw new Error(`${there} is there already`);
        const holder = (await readLock(books))?.holder ?? null;
        touched.clear();
        const [{ fingerprint, objects, structures }, { bytes, hash }] = await attempt(part, signal);
        const manifest: Manifest = {
          format: 'detent-backup-1',
          adapter: 'mongo',
          product: 'MongoDB',
          serverVersion: link.version,
          path,
          createdAt: Date.now(),
          runId: lock.heldToken() === null ? null : (holder?.runId ?? null),
          bytes,
          hash,
          fingerprint,
          objects,
          details: { gzip: link.compress ? 'yes' : 'no' },
        };
        await settleBackup(part, manifest);
        mine = { path, structures };
        return manifest;
      } catch (cause) {
        throw backupFailed(path, translate(cause, link.target));
      }
    },

    verify: verifyFile,
    sums,

    async othersWrote(manifest) {
      quiet.delete(manifest.path);
      if (manifest.path !== mine?.path || (await wroteSince(manifest))) return true;
      quiet.add(manifest.path);
      return false;
    },

    async restore(manifest, record) {
      const whenReady = async (): Promise<void> => {
        if (quiet.has(manifest.path) && (await wroteSince(manifest))) throw wroteMeanwhile(manifest);
      };
      try {
        await verifyFile(manifest);
        await restoreAside({ link, lock, transaction, whenReady }, manifest, record);
      } catch (cause) {
        throw restoreFailed(manifest, translate(cause, link.target));
      }
    },

    delete: deleteFiles,
  };
}

function isPassing(error: unknown): boolean {
  return error instanceof SchemaMoved || SNAPSHOT_GONE.has(failureOf(error)?.code ?? null);
}

async function obstacles({ db, books }: Link, folder: string): Promise<readonly string[]> {
  const { dataSize } = await db.stats();
  const found = [...(await folderObstacles(folder, Number(dataSize)))];
  if ((await rawDocuments()) === null)
    found.push('This version of the driver cannot send documents as bytes, which a restore needs.');
  for (const { name, type } of await rawStructures(db)) {
    if (type === 'timeseries') found.push(`The collection ${name} is a time series, which is not backed up.`);
    if (Buffer.byteLength(`${db.databaseName}.${RESTORING}${name}`) > LONGEST)
      found.push(`The name of the collection ${name} is too long for a copy of it beside.`);
    if (type === 'view' && books.own.includes(name)) found.push(`${name} is a view, and no history.`);
  }
  return found;
}
