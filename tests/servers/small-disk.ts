import { spawnSync } from 'node:child_process';
import { mkdtempSync, rmSync, statfsSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import process from 'node:process';
import { reportNotRun } from './not-run.ts';

/** A file system of a few megabytes. */
export interface SmallDisk extends Disposable {
  readonly folder: string;
  /** Leaves room for so many bytes and no more, in whole pages of 4 KiB. */
  leave(bytes: number): void;
}

/** `null`, and said at the end of the run, where nothing can be mounted. */
export function smallDisk(bytes: number): SmallDisk | null {
  const folder = mkdtempSync(join(tmpdir(), 'detent-disk-'));
  const mounted = spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${bytes},mode=0700`, 'tmpfs', folder]);
  if (mounted.status !== 0) {
    rmSync(folder, { recursive: true });
    const reason = process.platform === 'linux' ? 'only root may mount one' : 'it is a tmpfs of Linux';
    reportNotRun({ suite: 'A disk that fills up', reason, required: false });
    return null;
  }
  const ballast = join(folder, 'ballast');
  return {
    folder,
    leave(wanted) {
      rmSync(ballast, { force: true });
      const { bavail, bsize } = statfsSync(folder);
      const pages = bavail - Math.ceil(wanted / bsize);
      if (pages > 0) writeFileSync(ballast, Buffer.alloc(pages * bsize));
    },
    [Symbol.dispose]() {
      spawnSync('umount', [folder]);
      rmSync(folder, { recursive: true, force: true });
    },
  };
}
