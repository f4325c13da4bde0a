import { closeSync, fsyncSync, mkdirSync, mkdtempSync, openSync, rmSync, writeSync } from 'node:fs';
import { availableParallelism, tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Job } from './job.ts';
import type { Command } from './race.ts';
import { median } from './statistics.ts';

/** Below `TMPDIR`; where that is memory, syncing costs nothing and `apply` says little. */
export interface Workplace extends Disposable {
  readonly path: string;
  /** A new empty folder. */
  folder(name: string): string;
}

export function openWorkplace(keep: boolean): Workplace {
  const path = mkdtempSync(join(tmpdir(), 'detent-bench-'));
  let made = 0;
  return {
    path,
    folder(name) {
      made += 1;
      const folder = join(path, `${made}-${name}`);
      mkdirSync(folder);
      return folder;
    },
    [Symbol.dispose]() {
      if (keep) process.stderr.write(`Kept: ${path}\n`);
      else rmSync(path, { recursive: true, force: true });
    },
  };
}

/** Starts a contender that `tsdown` has built. */
export function contender(name: string, job: Job, env: Command['env'] = {}): Command {
  return { args: [join(import.meta.dirname, 'dist', `${name}.js`), JSON.stringify(job)], env };
}

export function removeDatabase(path: string): void {
  for (const suffix of ['', '-wal', '-shm', '-journal']) rmSync(path + suffix, { force: true });
}

/** What figures depend on, without naming the machine. */
export function machine({ path }: Workplace): string {
  return `${availableParallelism()} cores, Node ${process.versions.node}, one fsync ${syncMs(path).toFixed(1)} ms`;
}

function syncMs(folder: string): number {
  const file = join(folder, 'sync');
  const descriptor = openSync(file, 'w');
  const page = Buffer.alloc(4096, 1);
  const times = Array.from({ length: 51 }, () => {
    const started = performance.now();
    writeSync(descriptor, page);
    fsyncSync(descriptor);
    return performance.now() - started;
  });
  closeSync(descriptor);
  rmSync(file);
  return median(times);
}
