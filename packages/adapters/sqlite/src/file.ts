import { open, rm } from 'node:fs/promises';

/** Writes what the system still holds in memory to the disk. */
export async function syncFile(path: string): Promise<void> {
  const file = await open(path, 'r+');
  try {
    await file.sync();
  } finally {
    await file.close();
  }
}

/** A database file and what SQLite may have left beside it. Never throws. */
export async function removeDatabase(path: string): Promise<void> {
  for (const ending of ['', '-wal', '-shm', '-journal'])
    await rm(`${path}${ending}`, { force: true }).catch(() => undefined);
}
