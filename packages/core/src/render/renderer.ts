import type { DetentError, Problem } from '../errors.ts';
import type { LifecycleEvent } from '../events.ts';
import type { PlanReport } from '../run/check.ts';
import type { Status } from '../plan/status.ts';
import type { HistoryEntry, LedgerEvent } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import type { MaintenanceResult } from '../report.ts';
import type { MigrationResult } from '../result.ts';
import type { Verification } from '../validate/verify.ts';

/** Shows a run while it happens, and what operations gave. Called by whoever calls the executor, never by core. */
export interface MigrationRenderer {
  /** For `executor.on('*', …)`. */
  hear(event: LifecycleEvent): void;
  /** A line that a migration logs. */
  drawLog(message: string): void;
  /** What was applied before the run, and what is passed over. */
  drawMigrated(entries: readonly HistoryEntry[]): void;
  drawIgnored(files: readonly MigrationFile[]): void;
  /** What a run came to, failed or not. */
  drawExecuted(result: MigrationResult): void;
  drawChanges(result: MaintenanceResult): void;
  drawStatus(status: Status): void;
  drawPlan(report: PlanReport): void;
  drawProblems(problems: readonly Problem[]): void;
  drawVerification(verification: Verification): void;
  drawHistory(events: readonly LedgerEvent[]): void;
  /** What kept an operation from giving a result. */
  drawError(error: DetentError): void;
}
