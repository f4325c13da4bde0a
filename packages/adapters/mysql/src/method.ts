import type { Manifest, ObjectSum } from '@detent/core';
import type { Contents, Counters } from './dump.ts';
import type { Filling } from './fill.ts';
import type { Link } from './link.ts';

export const METHODS = ['copy', 'dump'] as const;

/** How a database is kept: by rows that Detent copies itself, or by what mariadb-dump or mysqldump writes. */
export type BackupMethod = (typeof METHODS)[number];

/** One of these ways. What they have in common, such as the manifest and the restore beside the database, is done around it. */
export interface Method {
  /** What stands in its way beside what stands in the way of each. */
  obstacles(link: Link): Promise<readonly string[]>;
  /** Writes the backup's file at `path`, which is not there. Throws what went wrong, leaving nothing. */
  write(path: string, signal: AbortSignal | undefined): Promise<Written>;
  contents(manifest: Manifest): Promise<Contents>;
  /** Puts the rows into tables that are made and empty. */
  fill(manifest: Manifest, filling: Filling): Promise<Counters>;
}

export interface Written {
  readonly bytes: number;
  /** `sha256:<hex>` of the file. */
  readonly hash: string;
  readonly fingerprint: string;
  readonly objects: readonly ObjectSum[];
  readonly details: Readonly<Record<string, string | number>>;
}
