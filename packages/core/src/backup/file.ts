import { createHash } from 'node:crypto';
import { statfsSync } from 'node:fs';
import { access, constants, open, rename, rm, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { DetentError } from '../errors.ts';
import type { Manifest } from '../ports/backup.ts';
import { deleteFiles, manifestPath, writeManifest } from './manifest.ts';

const BLOCK = 1 << 20;
/** Of the space that the database takes. */
const ROOM = 1.2;

/** Gives the written backup its manifest and its name; or removes it, by `discard` where it is more than its file. */
export async function settleBackup(
  part: string,
  manifest: Manifest,
  discard: (manifest: Manifest) => Promise<void> = deleteFiles,
): Promise<void> {
  try {
    await writeManifest(manifest);
    await renameDurably(part, manifest.path);
  } catch (error) {
    await discard({ ...manifest, path: part }).catch(() => undefined);
    for (const left of [part, manifest.path, manifestPath(manifest.path)]) await rm(left, { force: true });
    throw error;
  }
}

/** Throws `BACKUP_DAMAGED`. The hash vouches for everything inside. */
export async function verifyFile({ path, bytes, hash }: Manifest): Promise<void> {
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

/** What stands in the way of a file there for a database of so many bytes, each as one sentence. */
export async function folderObstacles(folder: string, size: number): Promise<readonly string[]> {
  const stats = await stat(folder).catch(() => null);
  if (stats === null) return [`The folder for backups, ${folder}, does not exist.`];
  if (!stats.isDirectory()) return [`${folder} is not a folder.`];
  const writable = await access(folder, constants.W_OK).then(
    () => true,
    () => false,
  );
  if (!writable) return [`This user may not write to the folder for backups, ${folder}.`];
  const needed = Math.ceil(size * ROOM);
  const free = freeBytes(folder);
  return free !== null && free < needed
    ? [`The disk of ${folder} has ${mebibytes(free)} left; the backup needs ${mebibytes(needed)}.`]
    : [];
}

/** `null` where the system does not tell. */
function freeBytes(folder: string): number | null {
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize;
  } catch {
    return null;
  }
}

function mebibytes(bytes: number): string {
  return `${(bytes / 2 ** 20).toFixed(1)} MiB`;
}

/** `sha256:<hex>` of a file, read through one block of memory. */
export async function hashFile(path: string, signal?: AbortSignal): Promise<string> {
  const digest = createHash('sha256');
  const block = Buffer.allocUnsafe(BLOCK);
  const file = await open(path, 'r');
  try {
    for (;;) {
      signal?.throwIfAborted();
      const { bytesRead } = await file.read(block, 0, BLOCK, null);
      if (bytesRead === 0) return `sha256:${digest.digest('hex')}`;
      digest.update(block.subarray(0, bytesRead));
    }
  } finally {
    await file.close();
  }
}

/** After this, either the old name or the new one survives a power cut. */
async function renameDurably(from: string, to: string): Promise<void> {
  await rename(from, to);
  if (process.platform === 'win32') return;
  const folder = await open(dirname(to), 'r');
  try {
    await folder.sync();
  } finally {
    await folder.close();
  }
}
