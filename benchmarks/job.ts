export type Task = 'migrate' | 'backup' | 'restore' | 'load';

/** What a contender is told, as JSON in its first argument. */
export interface Job {
  readonly task: Task;
  /** Of the migrations. */
  readonly folder: string;
  /** A path or a URL. */
  readonly database: string;
  /** Where a backup goes to or comes from. */
  readonly backup: string;
}

export interface SqliteJob extends Job {
  readonly journalMode: 'wal' | 'delete';
  /** `end`: what one run commits is synced together when it ends, as Detent does unless told otherwise; in WAL only. */
  readonly sync: 'each' | 'end';
}

export interface MysqlJob extends Job {
  /** By itself, or by `mariadb-dump`, which has to be in the PATH; as the adapter's own default where it is left out. */
  readonly method?: 'copy' | 'dump';
}

/** What it answers, as JSON on stdout. */
export interface Answer {
  /** Migrations that this process applied or loaded, or backups that it made or put back; `null` where a peer does not say. */
  readonly count: number | null;
  /** Of all its threads, from its start; hardly disturbed by what else the machine does. */
  readonly cpuMs: number;
  readonly maxRssMb: number;
}
