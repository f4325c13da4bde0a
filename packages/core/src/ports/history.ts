/** What a history row says of a migration. Pending is absence, or `rolled_back`. */
export type MigrationState =
  | 'running'
  | 'applied'
  | 'failed'
  | 'rolling_back'
  | 'rolled_back'
  | 'restoring'
  | 'unknown'
  | 'baseline';

export type MigrationKind = 'versioned' | 'repeatable';

/** The columns that every start reads. */
export interface HistoryEntry {
  /** The version without leading zeros, or `R__name` for a repeatable one. Unique. */
  readonly id: string;
  /** As written in the file's name; `null` for a repeatable one. */
  readonly version: string | null;
  readonly name: string;
  readonly kind: MigrationKind;
  readonly state: MigrationState;
  /** Path below the migrations folder, with its extension, `/` between folders. */
  readonly file: string;
  /** `v1:sha256:<hex>` of the canonical bytes; `null` in a baseline row. */
  readonly checksum: string | null;
  readonly rawChecksum: string | null;
  /** The position in which it was applied, counting from 1; what `down` goes back along. */
  readonly appliedOrder: number;
  /** Milliseconds since 1970. */
  readonly finishedAt: number | null;
}

/** A whole row. */
export interface HistoryRow extends HistoryEntry {
  readonly statementsTotal: number | null;
  readonly statementsDone: number;
  /** Hashes of the statements that are done, in order, so that an edited file is not continued half-way. */
  readonly statementHashes: readonly string[];
  readonly intent: Intent | null;
  /** Where a `forEachBatch` stands, by table; plain JSON. */
  readonly cursors: Readonly<Record<string, unknown>>;
  readonly attempt: number;
  readonly token: number;
  readonly runId: string;
  readonly username: string;
  readonly startedAt: number;
  readonly durationMs: number | null;
  /** What `up` returned, as text. */
  readonly result: string | null;
  readonly errorCode: string | null;
  readonly error: string | null;
  readonly downSource: string | null;
  readonly toolVersion: string;
}

/** Written before a step whose end cannot be committed together with its record. */
export interface Intent {
  /** The index of the statement, counting from 0; `null` for code. */
  readonly statement: number | null;
  /** Of the statement's text, as in `statementHashes`; `null` for code. */
  readonly hash: string | null;
  readonly direction: 'up' | 'down';
  /** `unseen`: a change that the schema does not show. */
  readonly kind: 'ddl' | 'data' | 'code' | 'unseen';
  /** Of the schema before the step, or of the part of it that `scope` names; empty where it would show nothing. */
  readonly fingerprint: string;
  /** The part of the schema that shows whether the step ran, in the adapter's own words; `null`: all of it. */
  readonly scope: string | null;
  /** The fingerprint when the step has run, where that is known before. */
  readonly after: string | null;
  readonly idempotent: boolean;
}

/** One line of the append-only ledger, before the store gives it its place in the chain. */
export interface LedgerLine {
  /** Milliseconds since 1970. */
  readonly at: number;
  readonly runId: string;
  readonly actor: string;
  readonly action: string;
  readonly id: string | null;
  readonly detail: string | null;
}

export interface LedgerEvent extends LedgerLine {
  readonly seq: number;
  readonly previousHash: string;
  readonly hash: string;
}

export interface History {
  /** False on a database that nobody has migrated. */
  readonly exists: boolean;
  readonly entries: readonly HistoryEntry[];
}

export interface HistoryStore {
  /** Everything in one round trip. A database nobody has migrated gives no entries, no error and no table. Throws `HISTORY_FOREIGN`. */
  read(): Promise<History>;
  /** The whole row; `null` when there is none. */
  load(id: string): Promise<HistoryRow | null>;
  /**
   * Creates or upgrades the tables, and waits, as long as `signal` lets it, for what the server still does where a run
   * died. Only under the lock.
   */
  init(signal?: AbortSignal): Promise<void>;
  /** Inserts or replaces the row of `row.id`. Throws `LOCK_LOST` when the token is not the lock's any more. */
  save(row: HistoryRow): Promise<void>;
  /** Adds a line to the ledger, chained by `chainHash`. */
  append(line: LedgerLine): Promise<void>;
  /** The newest lines, oldest first. `null`: all. */
  events(limit: number | null): Promise<readonly LedgerEvent[]>;
}
