import type { HistoryStore } from './history.ts';

/** Copies the database and puts it back. What it cannot keep it refuses in `check`. */
export interface BackupDriver {
  /** Everything that stands in the way of a backup into this folder, each as one sentence; empty when nothing does. */
  check(folder: string): Promise<readonly string[]>;
  /** Writes a backup at `path`, which does not exist, and its manifest beside it. Throws `BACKUP_FAILED`, leaving no file. */
  backup(path: string, signal?: AbortSignal): Promise<Manifest>;
  /** Reads the backup again and compares it with its manifest. Throws `BACKUP_DAMAGED`. */
  verify(manifest: Manifest): Promise<void>;
  /** Rows and checksum of every table or collection as it is now, Detent's own left out, by name. */
  sums(): Promise<readonly ObjectSum[]>;
  /** Whether rows or schema were written by anybody but this session since the backup, or that cannot be excluded. */
  othersWrote(manifest: Manifest): Promise<boolean>;
  /**
   * Puts the backup back. `record` writes the history into the restored state before it takes effect, so that the
   * restore and its record come together or not at all. Then compares with the manifest. Throws `RESTORE_FAILED`.
   */
  restore(manifest: Manifest, record: (history: HistoryStore) => Promise<void>): Promise<void>;
  /** Takes the backup and its manifest away, with whatever else belongs to it. Nothing happens when it is gone. */
  delete(manifest: Manifest): Promise<void>;
}

/** Written beside the backup as `<path>.json`. */
export interface Manifest {
  readonly format: 'detent-backup-1';
  readonly adapter: string;
  readonly product: string;
  readonly serverVersion: string;
  readonly path: string;
  readonly createdAt: number;
  readonly runId: string | null;
  readonly bytes: number;
  /** `sha256:<hex>` of the file. */
  readonly hash: string;
  readonly fingerprint: string;
  readonly objects: readonly ObjectSum[];
  /** What only the adapter reads. */
  readonly details: Readonly<Record<string, string | number>>;
}

/** The content of a table or collection. Equal contents give equal checksums, whatever the order of the rows on disk. */
export interface ObjectSum {
  readonly name: string;
  readonly rows: number;
  readonly checksum: string;
}
