export { MigrationScriptExecutor } from './executor.ts';
export type { DownOptions, Inspection, MarkOptions, MigrateOptions, RedoOptions, RunOptions } from './executor.ts';
export type { PlanReport } from './run/check.ts';
export { checkOptions, OPTION_SHAPES } from './config.ts';
export type { BackupMode, Hooks, Layout, Options, RollbackStrategy, Settings, TransactionMode } from './config.ts';
export type { Shape } from './config-shape.ts';
export { checkShape } from './config-shape.ts';
export { defineConfig } from './config-file.ts';
export type { DetentConfig } from './config-file.ts';
export { asDetentError, describeError, DetentError, ERROR_CODES, misuse } from './errors.ts';
export type { ErrorCode, ErrorDetails, ErrorDocument, ErrorFacts, Place, Problem } from './errors.ts';
export type { Direction, LifecycleEvent, Listener, Operation, StepInfo } from './events.ts';
export { defineMigration } from './migration.ts';
export type { Migration, MigrationFunction, MigrationInfo, MigrationOptions, MigrationStage } from './migration.ts';
export { directory } from './scan/directory.ts';
export type { DirectoryOptions } from './scan/directory.ts';
export { fromModules } from './scan/from-modules.ts';
export type { ModulesOptions, ModuleValue } from './scan/from-modules.ts';
export { compareVersions, normalizeVersion } from './scan/version.ts';
export { chainHash, chainText, findBrokenLink, LEDGER_START } from './history/ledger.ts';
export { nearest, didYouMean } from './nearest.ts';
export { exitCodeOf } from './result.ts';
export type { ExecutedMigration, FailedMigration, MigrationResult, RollbackOutcome } from './result.ts';
export type { Change, MaintenanceResult } from './report.ts';
export type { MarkAs } from './history/maintenance.ts';
export type { Plan, PlannedStep } from './plan/plan.ts';
export type { DownTarget } from './plan/down.ts';
export type { MigrationStatus, Status, StatusWord } from './plan/status.ts';
export type { Verification } from './validate/verify.ts';
export type { LoadedStep } from './validate/pending.ts';
export type { Action, LoadedMigration } from './validate/load.ts';
export { choice, choiceOption, countOption, flagOption, textOption } from './option.ts';
export { decodeUrlPart, splitOnce } from './url-parts.ts';
export { TOOL_VERSION } from './tool-version.ts';
export type { Capabilities, CreatedDatabase, CreateOptions, DatabaseAdapter, OpenOptions } from './ports/adapter.ts';
export { backupWhenNeeded } from './backup/when-needed.ts';
export { heldBy, publicPart } from './held-by.ts';
export { sessionInParts } from './session-in-parts.ts';
export type { LookingSession, WorkingSession } from './session-in-parts.ts';
export type { BackupDriver, Manifest, ObjectSum } from './ports/backup.ts';
export type { BatchOptions, DatabaseMigrationHandler, SqlIdentifier, SqlTag } from './ports/handler.ts';
export type {
  History,
  HistoryEntry,
  HistoryRow,
  HistoryStore,
  Intent,
  LedgerEvent,
  LedgerLine,
  MigrationKind,
  MigrationState,
} from './ports/history.ts';
export type { Lease, LockAttempt, LockHolder, LockOwner, MigrationLock } from './ports/lock.ts';
export type { Logger } from './ports/logger.ts';
export type {
  Directives,
  Effect,
  Leaving,
  ParsedScript,
  ScriptNote,
  ScriptText,
  Statement,
  StatementKind,
} from './ports/script.ts';
export type {
  BatchReader,
  BatchRequest,
  Composed,
  ForeignHistory,
  MigrationSession,
  ServerFact,
  ServerInfo,
  StatementLimits,
  StatementProgress,
  StatementResult,
  Trace,
  TransactionScope,
  WholeMigration,
} from './ports/session.ts';
export type { Content, Discovered, HookFile, MigrationFile, MigrationSource } from './ports/source.ts';
