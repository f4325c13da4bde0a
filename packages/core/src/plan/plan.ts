import type { Operation, StepInfo, Direction } from '../events.ts';
import type { Problem } from '../errors.ts';
import type { HistoryEntry } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';

/** A migration and a direction. */
export interface PlannedStep {
  readonly info: StepInfo;
  /** `null` when the file is gone and the history's own text is used. */
  readonly file: MigrationFile | null;
  readonly entry: HistoryEntry | null;
  readonly reason: 'pending' | 'changed' | 'out-of-order' | 'interrupted' | 'requested';
}

/** What a run would do, in order, or why it would not. Made from data alone. */
export interface Plan {
  readonly kind: 'nothing' | 'steps' | 'refused';
  readonly operation: Operation;
  readonly steps: readonly PlannedStep[];
  readonly migrated: readonly HistoryEntry[];
  readonly ignored: readonly MigrationFile[];
  /** Applied, but their files are gone. */
  readonly missing: readonly HistoryEntry[];
  /** Of those, the ones above every file: the database is ahead. */
  readonly ahead: readonly HistoryEntry[];
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

export function stepInfo(source: MigrationFile | HistoryEntry, direction: Direction): StepInfo {
  const { id, version, name, file } = source;
  return { id, version, name, file, direction };
}

/** Fills in `kind` from the rest. */
export function planOf(parts: Omit<Plan, 'kind'>): Plan {
  const kind = parts.problems.length > 0 ? 'refused' : parts.steps.length === 0 ? 'nothing' : 'steps';
  return { kind, ...parts };
}
