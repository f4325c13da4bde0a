import {
  DetentError,
  type HistoryEntry,
  type HistoryRow,
  type Intent,
  type LedgerEvent,
  type MigrationKind,
  type MigrationState,
} from '@detent/core';

/** A row as a driver gives it, by column. */
export type DatabaseRow = Readonly<Record<string, unknown>>;
export type ColumnValue = string | number | null;

/** In the order of `ROW_COLUMNS`. */
export function rowValues(row: HistoryRow): ColumnValue[] {
  return [
    row.id,
    row.version,
    row.name,
    row.kind,
    row.state,
    row.file,
    row.checksum,
    row.rawChecksum,
    row.appliedOrder,
    row.finishedAt,
    row.statementsTotal,
    row.statementsDone,
    JSON.stringify(row.statementHashes),
    row.intent === null ? null : JSON.stringify(row.intent),
    JSON.stringify(row.cursors),
    row.attempt,
    row.token,
    row.runId,
    row.username,
    row.startedAt,
    row.durationMs,
    row.result,
    row.errorCode,
    row.error,
    row.downSource,
    row.toolVersion,
  ];
}

/** In the order of `EVENT_COLUMNS`. */
export function eventValues(event: LedgerEvent): ColumnValue[] {
  return [
    event.seq,
    event.at,
    event.runId,
    event.actor,
    event.action,
    event.id,
    event.detail,
    event.previousHash,
    event.hash,
  ];
}

/** Throws `HISTORY_DAMAGED` naming the row and the column. */
export function toEntry(row: DatabaseRow): HistoryEntry {
  return entryOf(row, [
    row['id'],
    row['version'],
    row['name'],
    row['kind'],
    row['state'],
    row['file'],
    row['checksum'],
    row['raw_checksum'],
    row['applied_order'],
    row['finished_at'],
  ]);
}

/** Entries of lists in the order of `ENTRY_COLUMNS`, by `appliedOrder`. Throws `HISTORY_DAMAGED` naming the row and the column. */
export function entriesOf(lists: readonly (readonly unknown[])[]): readonly HistoryEntry[] {
  const entries = lists.map((values) => entryOf({ id: values[0] }, values));
  return entries.sort((a, b) => a.appliedOrder - b.appliedOrder);
}

/** By index: in a loop that runs once for each migration, an iterator for each row is what takes longest. */
function entryOf(row: DatabaseRow, values: readonly unknown[]): HistoryEntry {
  const kind = values[3];
  const state = values[4];
  const finishedAt = values[9];
  return {
    id: text(row, 'id', values[0]),
    version: textOrNull(row, 'version', values[1]),
    name: text(row, 'name', values[2]),
    kind: isKind(kind) ? kind : damaged(row, 'kind', kind),
    state: isState(state) ? state : damaged(row, 'state', state),
    file: text(row, 'file', values[5]),
    checksum: textOrNull(row, 'checksum', values[6]),
    rawChecksum: textOrNull(row, 'raw_checksum', values[7]),
    appliedOrder: integer(row, 'applied_order', values[8]),
    finishedAt: finishedAt === null ? null : integer(row, 'finished_at', finishedAt),
  };
}

/** Throws `HISTORY_DAMAGED` naming the row and the column. */
export function toRow(row: DatabaseRow): HistoryRow {
  return {
    ...toEntry(row),
    statementsTotal: integerOrNull(row, 'statements_total'),
    statementsDone: integer(row, 'statements_done'),
    statementHashes: json(row, 'statement_hashes', isTexts),
    intent: row['intent'] === null ? null : json(row, 'intent', isIntent),
    cursors: json(row, 'cursors', isRecord),
    attempt: integer(row, 'attempt'),
    token: integer(row, 'token'),
    runId: text(row, 'run_id', row['run_id']),
    username: text(row, 'username', row['username']),
    startedAt: integer(row, 'started_at'),
    durationMs: integerOrNull(row, 'duration_ms'),
    result: textOrNull(row, 'result', row['result']),
    errorCode: textOrNull(row, 'error_code', row['error_code']),
    error: textOrNull(row, 'error', row['error']),
    downSource: textOrNull(row, 'down_source', row['down_source']),
    toolVersion: text(row, 'tool_version', row['tool_version']),
  };
}

/** Throws `HISTORY_DAMAGED` naming the event and the column. */
export function toEvent(row: DatabaseRow): LedgerEvent {
  return {
    seq: integer(row, 'seq'),
    at: integer(row, 'at'),
    runId: text(row, 'run_id', row['run_id']),
    actor: text(row, 'actor', row['actor']),
    action: text(row, 'action', row['action']),
    id: textOrNull(row, 'id', row['id']),
    detail: textOrNull(row, 'detail', row['detail']),
    previousHash: text(row, 'prev_hash', row['prev_hash']),
    hash: text(row, 'hash', row['hash']),
  };
}

const STATES: Readonly<Record<MigrationState, true>> = {
  running: true,
  applied: true,
  failed: true,
  rolling_back: true,
  rolled_back: true,
  restoring: true,
  unknown: true,
  baseline: true,
};

function isState(value: unknown): value is MigrationState {
  return typeof value === 'string' && Object.hasOwn(STATES, value);
}

function isKind(value: unknown): value is MigrationKind {
  return value === 'versioned' || value === 'repeatable';
}

function text(row: DatabaseRow, column: string, value: unknown): string {
  return typeof value === 'string' ? value : damaged(row, column, value);
}

function textOrNull(row: DatabaseRow, column: string, value: unknown): string | null {
  return value === null ? null : text(row, column, value);
}

/** Drivers give big integers as numbers, bigints or digits. */
function integer(row: DatabaseRow, column: string, value: unknown = row[column]): number {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return value;
  const number =
    typeof value === 'bigint' || (typeof value === 'string' && /^-?\d+$/.test(value)) ? Number(value) : Number.NaN;
  return Number.isSafeInteger(number) ? number : damaged(row, column, value);
}

function integerOrNull(row: DatabaseRow, column: string): number | null {
  return row[column] === null ? null : integer(row, column);
}

function json<T>(row: DatabaseRow, column: string, fits: (value: unknown) => value is T): T {
  const written = text(row, column, row[column]);
  let value: unknown;
  try {
    value = JSON.parse(written);
  } catch (cause) {
    return damaged(row, column, written, cause);
  }
  return fits(value) ? value : damaged(row, column, written);
}

function isRecord(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function isTexts(value: unknown): value is string[] {
  return Array.isArray(value) && value.every((item) => typeof item === 'string');
}

function isIntent(value: unknown): value is Intent {
  if (!isRecord(value)) return false;
  const { statement, hash, direction, kind, fingerprint, scope, after, idempotent } = value;
  return (
    (statement === null || Number.isSafeInteger(statement)) &&
    (hash === null || typeof hash === 'string') &&
    (direction === 'up' || direction === 'down') &&
    (kind === 'ddl' || kind === 'data' || kind === 'code' || kind === 'unseen') &&
    typeof fingerprint === 'string' &&
    (scope === null || typeof scope === 'string') &&
    (after === null || typeof after === 'string') &&
    typeof idempotent === 'boolean'
  );
}

function damaged(row: DatabaseRow, column: string, value: unknown, cause?: unknown): never {
  const key = row['seq'] === undefined ? row['id'] : row['seq'];
  const shown = value === undefined ? 'is missing' : `holds ${JSON.stringify(value, plainBigint).slice(0, 80)}`;
  throw new DetentError(
    'HISTORY_DAMAGED',
    `In the history's row ${String(key)} the column ${column} ${shown}, which Detent never writes.`,
    {
      hint: 'Correct the value by hand, or put the history table back from a backup.',
      facts: { row: String(key), column },
      cause,
    },
  );
}

function plainBigint(_key: string, value: unknown): unknown {
  return typeof value === 'bigint' ? value.toString() : value;
}
