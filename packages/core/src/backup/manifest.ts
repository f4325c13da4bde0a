import { readFile, rm, writeFile } from 'node:fs/promises';
import { hash } from 'node:crypto';
import { DetentError } from '../errors.ts';
import type { Manifest, ObjectSum } from '../ports/backup.ts';

/** Where the manifest of a backup is. */
export function manifestPath(backupPath: string): string {
  return `${backupPath}.json`;
}

/** Waits until the disk has it, and leaves nothing when that fails. */
export async function writeManifest(manifest: Manifest): Promise<void> {
  const path = manifestPath(manifest.path);
  try {
    await writeFile(path, sealed(manifest), { mode: 0o600, flush: true });
  } catch (error) {
    await rm(path, { force: true });
    throw error;
  }
}

/** Takes a backup that is one file, or one folder, away with its manifest. */
export async function deleteFiles({ path }: Manifest): Promise<void> {
  await rm(path, { force: true, recursive: true });
  await rm(manifestPath(path), { force: true });
}

/** Reads the manifest of a backup, which may have been moved with it. Throws `BACKUP_DAMAGED`. */
export async function readManifest(backupPath: string): Promise<Manifest> {
  const path = manifestPath(backupPath);
  let parsed: unknown;
  let isWhole = false;
  try {
    const text = await readFile(path);
    parsed = JSON.parse(text.toString('utf8'));
    isWhole = isManifest(parsed) && text.equals(Buffer.from(sealed(parsed)));
  } catch (cause) {
    throw new DetentError('BACKUP_DAMAGED', `There is no readable manifest at ${path}.`, {
      cause,
      hint: 'Name the backup itself; its manifest stands beside it with `.json` at the end.',
    });
  }
  if (!isManifest(parsed)) {
    throw new DetentError('BACKUP_DAMAGED', `${path} is not the manifest of a backup made by Detent.`, {
      hint: 'Name a backup that `detent backup` wrote.',
    });
  }
  if (!isWhole) {
    throw new DetentError('BACKUP_DAMAGED', `${path} is not as it was written.`, {
      hint: 'Keep it for a closer look, and use another backup.',
    });
  }
  const { seal: _, ...manifest } = parsed;
  return { ...manifest, path: backupPath };
}

/** The text of a manifest: its last property vouches for the others. */
function sealed({ seal: _, ...manifest }: Manifest & { readonly seal?: unknown }): string {
  const seal = `sha256:${hash('sha256', JSON.stringify(manifest))}`;
  return `${JSON.stringify({ ...manifest, seal }, null, 2)}\n`;
}

/** One hash over the content of every object. */
export function contentHash(objects: readonly ObjectSum[]): string {
  return hash('sha256', JSON.stringify(objects.map(({ name, rows, checksum }) => [name, rows, checksum])));
}

/** The names of what is not as the other list has it. */
export function differences(a: readonly ObjectSum[], b: readonly ObjectSum[]): string[] {
  const left = new Map(a.map((sum) => [sum.name, sum]));
  const right = new Map(b.map((sum) => [sum.name, sum]));
  const names = new Set([...left.keys(), ...right.keys()]);
  return [...names].filter(
    (name) => left.get(name)?.checksum !== right.get(name)?.checksum || left.get(name)?.rows !== right.get(name)?.rows,
  );
}

function isManifest(value: unknown): value is Manifest & { readonly seal?: unknown } {
  if (typeof value !== 'object' || value === null) return false;
  const record = value as Record<string, unknown>;
  return (
    record['format'] === 'detent-backup-1' &&
    typeof record['adapter'] === 'string' &&
    typeof record['hash'] === 'string' &&
    typeof record['fingerprint'] === 'string' &&
    typeof record['bytes'] === 'number' &&
    Array.isArray(record['objects'])
  );
}
