import { chainText, type HistoryRow, type LedgerLine } from '@detent/core';
import { ROW_COLUMNS, rowValues, type ColumnValue } from '@detent/sql';
import { NOW, type Bookkeeping } from './bookkeeping.ts';
import { FENCE } from './errors.ts';
import { literal } from './inline.ts';

// What is written in one message with the statements that it is about: only the server knows when those ended.

/**
 * Saves a row whose end is when it is written; `rowLater` gives the values. Fails with `FENCE` where the token is not the
 * lock's any more.
 */
export function saveLaterSql({ history }: Bookkeeping): string {
  return endingNow(history.saveFenced, history.tables.lock);
}

/** The same for a row that is known not to be there. */
export function insertLaterSql({ history }: Bookkeeping): string {
  return endingNow(history.insertFenced, history.tables.lock);
}

/** What differs from one migration of a run to the next; at the end what is known last. */
export const OWN_OF_ROW: readonly number[] = [
  'id',
  'version',
  'name',
  'file',
  'checksum',
  'raw_checksum',
  'applied_order',
  'statements_total',
  'statements_done',
  'down_source',
  'started_at',
].map(indexOf);

function endingNow(text: string, lock: string): string {
  const [end, start, length, token] = ['finished_at', 'started_at', 'duration_ms', 'token'].map(placeOf);
  const isHeld = `EXISTS (SELECT 1 FROM ${lock} WHERE id = 1 AND token = ${token})`;
  return text
    .replace(`${end},`, `${NOW} - ${end},`)
    .replace(`${length},`, `greatest(${NOW} - ${end} - ${start}, ${length}),`)
    .replace(`${token},`, `CAST(CASE WHEN ${isHeld} THEN ${token}::text ELSE ${literal(FENCE)} END AS bigint),`);
}

/** `ahead`: by how many milliseconds the server's clock is. */
export function rowLater(row: HistoryRow, ahead: number): readonly ColumnValue[] {
  return rowValues({ ...row, finishedAt: ahead, durationMs: 0 });
}

function placeOf(name: string): string {
  return `$${indexOf(name) + 1}::bigint`;
}

function indexOf(name: string): number {
  return ROW_COLUMNS.findIndex((column) => column.name === name);
}

/** A SELECT that says whether that very row was written. */
export function proofOf(table: string, { id, state, runId, token, attempt, startedAt }: HistoryRow): string {
  const values = { id, state, run_id: runId, token, attempt, started_at: startedAt };
  const same = Object.entries(values).map(([name, value]) => `${name} = ${literal(value)}`);
  return `SELECT EXISTS (SELECT 1 FROM ${table} WHERE ${same.join(' AND ')})`;
}

/**
 * Adds a line of the ledger with the time at which it is added, less `$10`, and gives its hash; `lineLater` gives the values.
 * `$8` and `$9`: what is hashed before and after that time.
 */
export function appendLaterSql({ history: { tables } }: Bookkeeping): string {
  return (
    `INSERT INTO ${tables.event} (seq, at, run_id, actor, action, id, detail, prev_hash, hash) ` +
    'SELECT $1::bigint, now.at, $2::text, $3::text, $4::text, $5::text, $6::text, $7::text, ' +
    "encode(sha256(convert_to($8::text || now.at || $9::text, 'UTF8')), 'hex') " +
    `FROM (SELECT ${NOW} - $10::bigint AS at OFFSET 0) AS now RETURNING hash`
  );
}

/** What differs from one line to the next; at the end what is known last. */
export const OWN_OF_LINE: readonly number[] = [4, 8, 0, 6, 7];

export function lineLater(
  seq: number,
  previousHash: string,
  line: Omit<LedgerLine, 'at'>,
  ahead: number,
): readonly ColumnValue[] {
  const { runId, actor, action, id, detail } = line;
  return [seq, runId, actor, action, id, detail, previousHash, ...chainText(previousHash, line), ahead];
}
