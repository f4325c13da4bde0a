import type { RollbackStrategy } from './config.ts';
import { ERROR_CODES, type DetentError } from './errors.ts';
import type { Operation, StepInfo } from './events.ts';
import type { HistoryEntry } from './ports/history.ts';
import type { LockHolder } from './ports/lock.ts';
import type { MigrationFile } from './ports/source.ts';

/** A migration that ran in this run, up or down, and stands. */
export interface ExecutedMigration extends StepInfo {
  readonly filepath: string;
  /** The version, as the seeds' documents call it. */
  readonly timestamp: string | null;
  readonly username: string;
  /** Milliseconds since 1970. */
  readonly startedAt: number;
  readonly finishedAt: number;
  readonly durationMs: number;
  /** What `up` or `down` returned, as text. */
  readonly result: string | null;
  readonly checksum: string;
  /** How many statements ran; `null` for code. */
  readonly statements: number | null;
}

export interface FailedMigration extends StepInfo {
  readonly error: DetentError;
  /** Its own transaction undid everything it did. */
  readonly undone: boolean;
}

/** `none-needed`: the database stands exactly on a version by itself. */
export type RollbackOutcome = 'none-needed' | 'complete' | 'incomplete' | 'blocked';

/** What a run came to. Everything that can happen to a run is in here; only misuse is thrown. */
export interface MigrationResult {
  readonly success: boolean;
  readonly runId: string;
  readonly operation: Operation;
  /** Succeeded in this run and still stands, oldest first. */
  readonly executed: readonly ExecutedMigration[];
  readonly failed?: FailedMigration;
  /** Succeeded or was attempted in this run, and was undone again, newest first. */
  readonly rolledBack: readonly StepInfo[];
  /** Applied before this run. */
  readonly migrated: readonly HistoryEntry[];
  /** Found, not applied, and not to be. */
  readonly ignored: readonly MigrationFile[];
  /** Who held the lock when the policy was to skip the run then. */
  readonly skipped?: LockHolder;
  readonly strategy: RollbackStrategy;
  readonly rollback: RollbackOutcome;
  readonly backup?: { readonly path: string; readonly kept: boolean };
  /** The first is what went wrong first; those after it came of the rollback. */
  readonly errors: readonly DetentError[];
  readonly warnings: readonly string[];
  readonly durationMs: number;
}

/** The exit code of a process that ends with this result; see docs/errors.md. */
export function exitCodeOf(result: Pick<MigrationResult, 'success' | 'rollback' | 'errors'>): number {
  if (result.success) return 0;
  const first = result.errors[0];
  const code = first === undefined ? ERROR_CODES.INTERNAL : ERROR_CODES[first.code];
  const standsHalfWay = result.rollback === 'incomplete' || result.rollback === 'blocked';
  return standsHalfWay && code !== ERROR_CODES.LOCK_LOST ? 5 : code;
}
