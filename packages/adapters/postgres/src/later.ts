import { chainText, LEDGER_START, type HistoryRow, type LedgerLine } from '@detent/core';
import { ROW_COLUMNS, rowValues, type ColumnValue } from '@detent/sql';
import { NOW, type Bookkeeping } from './bookkeeping.ts';
import { FENCE } from './errors.ts';
import { literal } from './inline.ts';

// What is written in one message with the statements that it is about: only the server knows when those ended.

/**
 * Saves a row that begins when its message comes in and ends when it is written; `rowLater` gives the values. The line that
 * follows it, in the same message, is the fence of both.
 */
export function saveLaterSql({ history }: Bookkeeping): string {
  return endingNow(history.saveFenced);
}

/** The same for a row that is known not to be there. */
export function insertLaterSql({ history }: Bookkeeping): string {
  return endingNow(history.insertFenced);
}

/** What differs from one migration of a run to the next. */
export const OWN_OF_ROW: readonly number[] = [
  'id',
  'name',
  'file',
  'checksum',
  'applied_order',
  'statements_total',
  'down_source',
].map(indexOf);

/** What is mostly the same as another of these. */
export const TWINS_OF_ROW: ReadonlyMap<number, number> = new Map(
  Object.entries({ version: 'id', raw_checksum: 'checksum', statements_done: 'statements_total' }).map(
    ([name, twin]) => [indexOf(name), indexOf(twin)],
  ),
);

/** When the message came in that is being executed, however long it had to wait behind another. */
const BEGUN = NOW.replace('clock_timestamp', 'statement_timestamp');

function endingNow(text: string): string {
  const [end, start, length] = ['finished_at', 'started_at', 'duration_ms'].map(placeOf);
  return text
    .replace(`${end},`, `${NOW} - ${end},`)
    .replace(`${start},`, `greatest(${BEGUN} - ${end}, ${start}),`)
    .replace(`${length},`, `greatest(${NOW} - ${BEGUN}, ${length}),`);
}

/** `ahead`: by how many milliseconds the server's clock is. */
export function rowLater(row: HistoryRow, ahead: number): readonly ColumnValue[] {
  return rowValues({ ...row, startedAt: 0, finishedAt: ahead, durationMs: 0 });
}

function placeOf(name: string): string {
  return `$${indexOf(name) + 1}::bigint`;
}

function indexOf(name: string): number {
  return ROW_COLUMNS.findIndex((column) => column.name === name);
}

/** A SELECT that says whether that very row was written. */
export function proofOf(table: string, { id, state, runId, token, attempt }: HistoryRow): string {
  const values = { id, state, run_id: runId, token, attempt };
  const same = Object.entries(values).map(([name, value]) => `${name} = ${literal(value)}`);
  return `SELECT EXISTS (SELECT 1 FROM ${table} WHERE ${same.join(' AND ')})`;
}

/**
 * Adds a line of the ledger with the time at which it is added, less `$8`, to the line that is there by then, and gives its
 * hash; `lineLater` gives the values. Fails with `FENCE` where there is none, or the token is not the lock's any more. `$7`:
 * what is hashed after that time.
 */
export function appendLaterSql({ history: { tables } }: Bookkeeping): string {
  const previous =
    `SELECT CASE $1::bigint WHEN 1 THEN ${literal(LEDGER_START)} ` +
    `ELSE (SELECT hash FROM ${tables.event} WHERE seq = $1::bigint - 1) END ` +
    `FROM ${tables.lock} WHERE id = 1 AND token = $9::bigint`;
  const at = `CAST(CASE WHEN now.previous IS NULL THEN ${literal(FENCE)} ELSE now.at::text END AS bigint)`;
  return (
    `INSERT INTO ${tables.event} (seq, at, run_id, actor, action, id, detail, prev_hash, hash) ` +
    `SELECT $1::bigint, ${at}, $2::text, $3::text, $4::text, $5::text, $6::text, now.previous, ` +
    "encode(sha256(convert_to('[' || to_json(now.previous) || ',' || now.at || $7::text, 'UTF8')), 'hex') " +
    `FROM (SELECT ${NOW} - $8::bigint AS at, (${previous}) AS previous OFFSET 0) AS now RETURNING hash`
  );
}

/** What differs from one line to the next. */
export const OWN_OF_LINE: readonly number[] = [0, 4, 6];

export function lineLater(
  seq: number,
  line: Omit<LedgerLine, 'at'>,
  { token, ahead }: { readonly token: number; readonly ahead: number },
): readonly ColumnValue[] {
  const { runId, actor, action, id, detail } = line;
  return [seq, runId, actor, action, id, detail, chainText(LEDGER_START, line)[1], ahead, token];
}
