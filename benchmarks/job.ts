export type Task = 'migrate' | 'backup' | 'restore' | 'load';

/** What a contender is told, as JSON in its first argument. */
export interface Job {
  readonly task: Task;
  /** Of the migrations. */
  readonly folder: string;
  readonly database: string;
  readonly journalMode: 'wal' | 'delete';
  /** `end`: what one run commits is synced together when it ends, as Detent does unless told otherwise; in WAL only. */
  readonly sync: 'each' | 'end';
  /** Where a backup goes to or comes from. */
  readonly backup: string;
}

/** What it answers, as JSON on stdout. */
export interface Answer {
  /** Migrations that this process applied or loaded, or backups that it made or put back. */
  readonly count: number;
  /** Of all its threads, from its start; hardly disturbed by what else the machine does. */
  readonly cpuMs: number;
  readonly maxRssMb: number;
}
