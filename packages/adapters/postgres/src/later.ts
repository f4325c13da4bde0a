import { chainText, type HistoryRow, type LedgerLine } from '@detent/core';
import { ROW_COLUMNS, rowValues } from '@detent/sql';
import { NOW, type Bookkeeping } from './bookkeeping.ts';
import { literal, type Given } from './inline.ts';

// What is written in one message with the statements that it is about: only the server knows when those ended.

/** The values of a row whose end is when it is written. `ahead`: by how many milliseconds the server's clock is. */
export function rowLater(row: HistoryRow, ahead: number): readonly Given[] {
  const end = `${NOW} - ${ahead}`;
  const times: Readonly<Record<string, Given>> = {
    finished_at: { sql: end },
    duration_ms: { sql: `greatest(${end} - ${row.startedAt}, 0)` },
  };
  return rowValues(row).map((value, index) =>
    value === null ? value : (times[ROW_COLUMNS[index]?.name ?? ''] ?? value),
  );
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

export function lineLater(seq: number, previousHash: string, line: LedgerLine, ahead: number): readonly Given[] {
  const { runId, actor, action, id, detail } = line;
  return [seq, runId, actor, action, id, detail, previousHash, ...chainText(previousHash, line), ahead];
}
