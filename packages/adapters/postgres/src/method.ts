import type { Manifest, ObjectSum } from '@detent/core';
import type { Contents } from './dump.ts';
import type { Schema } from './objects.ts';
import type { Rebuilding } from './restore.ts';
import type { Ask } from './sums.ts';
import type { Solitude } from './witness.ts';

export const METHODS = ['copy', 'pg_dump', 'template'] as const;

/** How a database is kept: by rows that Detent copies itself, by an archive of pg_dump, or by a copy on the same server. */
export type BackupMethod = (typeof METHODS)[number];

/** One of these ways. What they have in common, such as the manifest, is done around it. */
export interface Method {
  /** What stands in its way beside what stands in the way of each. In a transaction with `FIXED_TEXT`. */
  obstacles(ask: Ask, schema: Schema): Promise<readonly string[]>;
  /** Writes the backup's file at `path`, which is not there. Throws what went wrong, leaving nothing. */
  write(path: string, signal: AbortSignal | undefined): Promise<Written>;
  /** What its file alone does not show. Throws what is wrong. */
  verify(manifest: Manifest): Promise<void>;
  contents(manifest: Manifest): Promise<Contents>;
  /** Takes everything away and makes it again, inside the transaction of a restore. */
  rebuild(manifest: Manifest, rebuilding: Rebuilding): Promise<Contents>;
  delete(manifest: Manifest): Promise<void>;
}

export interface Written {
  readonly bytes: number;
  /** `sha256:<hex>` of the file. */
  readonly hash: string;
  readonly fingerprint: string;
  readonly objects: readonly ObjectSum[];
  /** When it began; a session of the method's own is no other session. */
  readonly sessions: Solitude;
  readonly details: Readonly<Record<string, string | number>>;
}
