import type { Settings } from '../config.ts';
import type { Problem } from '../errors.ts';
import type { HistoryEntry, HistoryRow, MigrationKind, MigrationState } from '../ports/history.ts';
import type { LockHolder } from '../ports/lock.ts';
import type { MigrationFile } from '../ports/source.ts';
import type { Scan } from '../scan/scanner.ts';
import { isApplied, matchesApplied, MigrationScriptSelector } from '../scan/selector.ts';
import { compareMigrations } from '../scan/version.ts';
import { compareWithHistory } from './history-check.ts';

/** What a migration is: its state in the history, or what its absence from one side means. */
export type StatusWord = MigrationState | 'pending' | 'ignored' | 'missing' | 'edited';

export interface MigrationStatus {
  readonly id: string;
  readonly version: string | null;
  readonly name: string;
  readonly kind: MigrationKind;
  readonly file: string;
  readonly status: StatusWord;
  /** Milliseconds since 1970; `null` when it is not applied. */
  readonly appliedAt: number | null;
  /** Where it stopped; `null` when it came to an end, or never began. */
  readonly stopped: Stopped | null;
}

export interface Stopped {
  /** How many of its statements stand, and of how many; `null` for code. */
  readonly done: number;
  readonly total: number | null;
  /** Of the last try. */
  readonly error: string | null;
}

export interface Status {
  readonly target: string;
  /** In the order of a run. */
  readonly migrations: readonly MigrationStatus[];
  /** The highest applied version; `null` on a database nobody has migrated. */
  readonly version: string | null;
  readonly counts: { readonly applied: number; readonly pending: number; readonly other: number };
  readonly holder: LockHolder | null;
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
}

const UNENDED: ReadonlySet<MigrationState> = new Set(['failed', 'running', 'rolling_back', 'unknown']);

/** Whether the whole row says more than the entry. */
export function isUnended({ state }: HistoryEntry): boolean {
  return UNENDED.has(state);
}

/** Lays files and history side by side; `rows` are those of what did not end. Pure. */
export function statusOf(
  scan: Scan,
  settings: Pick<Settings, 'adapter' | 'onAhead' | 'onMissing'>,
  { holder, rows }: { readonly holder: LockHolder | null; readonly rows: readonly HistoryRow[] },
): Status {
  const selector = new MigrationScriptSelector(scan.history.entries);
  const pending = new Set(selector.getPending(scan.files));
  const ignored = new Set(selector.getIgnored(scan.files));
  const files = new Map(scan.files.map((file) => [file.id, file]));
  const migrations: MigrationStatus[] = [];
  for (const file of scan.files) {
    const entry = selector.entryOf(file);
    migrations.push({
      ...identity(file),
      status: statusWord(file, entry, pending, ignored),
      appliedAt: appliedAt(entry),
      stopped: stoppedAt(entry, rows),
    });
  }
  for (const entry of scan.history.entries) {
    if (files.has(entry.id) || entry.state === 'rolled_back') continue;
    migrations.push({
      ...identity(entry),
      status: entry.state === 'applied' ? 'missing' : entry.state,
      appliedAt: appliedAt(entry),
      stopped: stoppedAt(entry, rows),
    });
  }
  migrations.sort(compareMigrations);
  const check = compareWithHistory(scan, settings);
  const applied = migrations.filter(({ status }) => status === 'applied' || status === 'baseline').length;
  const waiting = migrations.filter(({ status }) => status === 'pending').length;
  return {
    target: settings.adapter.target,
    migrations,
    version: selector.newestApplied,
    counts: { applied, pending: waiting, other: migrations.length - applied - waiting },
    holder,
    problems: [...scan.problems, ...check.problems],
    warnings: check.warnings,
  };
}

function statusWord(
  file: MigrationFile,
  entry: HistoryEntry | undefined,
  pending: ReadonlySet<MigrationFile>,
  ignored: ReadonlySet<MigrationFile>,
): StatusWord {
  if (ignored.has(file)) return 'ignored';
  if (
    entry !== undefined &&
    isApplied(entry) &&
    file.kind === 'versioned' &&
    matchesApplied(entry, file) === 'different'
  )
    return 'edited';
  if (entry !== undefined && entry.state !== 'rolled_back' && !(pending.has(file) && isApplied(entry)))
    return entry.state;
  return 'pending';
}

function identity({
  id,
  version,
  name,
  kind,
  file,
}: HistoryEntry | MigrationFile): Omit<MigrationStatus, 'status' | 'appliedAt' | 'stopped'> {
  return { id, version, name, kind, file };
}

function appliedAt(entry: HistoryEntry | undefined): number | null {
  return entry !== undefined && isApplied(entry) ? entry.finishedAt : null;
}

function stoppedAt(entry: HistoryEntry | undefined, rows: readonly HistoryRow[]): Stopped | null {
  const row = entry === undefined || !isUnended(entry) ? undefined : rows.find(({ id }) => id === entry.id);
  return row === undefined ? null : { done: row.statementsDone, total: row.statementsTotal, error: row.error };
}
