import type { DatabaseAdapter } from './adapter.ts';
import type { Logger } from './logger.ts';

/** The third argument of `up(db, info, handler)`. */
export interface DatabaseMigrationHandler<Db = unknown> {
  readonly adapter: DatabaseAdapter<Db>;
  readonly log: Logger;
  /** Aborted when the run is to stop. */
  readonly signal: AbortSignal;
  /** Runs a statement; `${values}` are bound, `sql.id(name)` is a quoted identifier. */
  readonly sql: SqlTag;
  /**
   * Goes through a table in the order of its key. Each batch and the place reached are committed together, so that a
   * run that was killed goes on where it stood; inside the migration's own transaction it is that one which commits.
   */
  forEachBatch<Row extends Record<string, unknown> = Record<string, unknown>>(
    options: BatchOptions,
    work: (rows: readonly Row[]) => Promise<void> | void,
  ): Promise<void>;
}

export interface BatchOptions {
  readonly table: string;
  /** Rows a batch; 1,000 unless told. */
  readonly size?: number;
  /** Tells two passes over one table in one migration apart. */
  readonly name?: string;
}

export interface SqlTag {
  <Row extends Record<string, unknown> = Record<string, unknown>>(
    strings: TemplateStringsArray,
    ...values: readonly unknown[]
  ): Promise<readonly Row[]>;
  /** An identifier, quoted by the dialect's rule; several are joined by a dot. */
  id(...names: readonly string[]): SqlIdentifier;
}

export interface SqlIdentifier {
  readonly kind: 'identifier';
  readonly names: readonly string[];
}
