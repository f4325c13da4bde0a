import { hash } from 'node:crypto';
import type { DetentError } from '../errors.ts';
import type { History, HistoryRow, HistoryStore, LedgerEvent, LedgerLine } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import { TOOL_VERSION } from '../tool-version.ts';

/** Who writes, and in which run. */
export interface RunIdentity {
  readonly runId: string;
  readonly username: string;
  readonly token: number;
}

/** The seeds' service for the table `schema_version`: reads it, makes it, and writes rows that are complete. */
export class SchemaVersionService {
  readonly #store: HistoryStore;

  constructor(store: HistoryStore) {
    this.#store = store;
  }

  init(signal: AbortSignal): Promise<void> {
    return this.#store.init(signal);
  }

  getAllMigrated(): Promise<History> {
    return this.#store.read();
  }

  load(id: string): Promise<HistoryRow | null> {
    return this.#store.load(id);
  }

  save(row: HistoryRow): Promise<void> {
    return this.#store.save(row);
  }

  events(limit: number | null): Promise<readonly LedgerEvent[]> {
    return this.#store.events(limit);
  }

  /** Adds a line to the ledger. */
  append(identity: RunIdentity, action: string, id: string | null, detail: string | null): Promise<void> {
    return this.#store.append({ at: Date.now(), ...lineOf(identity, action, id, detail) });
  }

  /** Saves the row and the line about it; in a transaction where the caller has begun one. */
  async record(identity: RunIdentity, row: HistoryRow, action: string, detail: string | null): Promise<void> {
    await this.#store.save(row);
    await this.append(identity, action, row.id, detail);
  }
}

/** A line of the ledger, but for when. */
export function lineOf(
  { runId, username }: RunIdentity,
  action: string,
  id: string | null,
  detail: string | null,
): Omit<LedgerLine, 'at'> {
  return { runId, actor: username, action, id, detail };
}

/** A row for a migration that is about to run. `previous` is its row so far, which keeps its attempts. */
export function startRow(
  file: MigrationFile,
  identity: RunIdentity,
  previous: HistoryRow | null,
  order: number,
): HistoryRow {
  return {
    id: file.id,
    version: file.version,
    name: file.name,
    kind: file.kind,
    state: 'running',
    file: file.file,
    checksum: file.checksum,
    rawChecksum: file.rawChecksum,
    appliedOrder: order,
    finishedAt: null,
    statementsTotal: null,
    statementsDone: 0,
    statementHashes: [],
    intent: null,
    cursors: {},
    attempt: (previous?.attempt ?? 0) + 1,
    token: identity.token,
    runId: identity.runId,
    username: identity.username,
    startedAt: Date.now(),
    durationMs: null,
    result: null,
    errorCode: null,
    error: null,
    downSource: null,
    toolVersion: TOOL_VERSION,
  };
}

/** The row after its last step. */
export function finishRow(row: HistoryRow, state: 'applied' | 'rolled_back', result: string | null): HistoryRow {
  const finishedAt = Date.now();
  return {
    ...row,
    state,
    finishedAt,
    durationMs: finishedAt - row.startedAt,
    result,
    intent: null,
    cursors: {},
    errorCode: null,
    error: null,
  };
}

/** The row after a failure. What was done stays counted. */
export function failRow(row: HistoryRow, error: DetentError): HistoryRow {
  const finishedAt = Date.now();
  return {
    ...row,
    state: 'failed',
    finishedAt,
    durationMs: finishedAt - row.startedAt,
    errorCode: error.code,
    error: error.message,
  };
}

/** What is kept of a statement that is done, so that a changed file is noticed. */
export function statementHash(text: string): string {
  return hash('sha256', text).slice(0, 16);
}
