import { mkdtempSync, statfsSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

/** What servers of a whole run may come to fill. */
const ENOUGH_BYTES = 4 * 2 ** 30;

/**
 * A new folder for the data of a server that tests may lose, in memory where there is room for it: each fresh database is
 * hundreds of files, and some file systems take longer to make them the more were just deleted.
 */
export function dataFolder(server: string): string {
  return mkdtempSync(join(inMemory() ?? tmpdir(), `detent-${server}-`));
}

function inMemory(): string | null {
  const folder = '/dev/shm';
  try {
    const { bavail, bsize } = statfsSync(folder);
    return bavail * bsize >= ENOUGH_BYTES ? folder : null;
  } catch {
    return null;
  }
}
