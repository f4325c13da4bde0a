import type { HistoryRow } from '@detent/core';
import { mariadb, quoteIdent, ROW_COLUMNS, rowValues, type ColumnValue, type HistoryStatements } from '@detent/sql';
import { inline, literal, tuple } from './literal.ts';
import type { Write } from './writes.ts';

/** How rows get into the history with the least work: only the holder of the lock writes there, and knows what it wrote. */
export interface RowWrites {
  /** The holder with that token has read these, and there are no others. */
  found(ids: readonly string[], token: number): void;
  save(history: HistoryStatements, row: HistoryRow): Write;
  /** What was written may be gone. */
  forget(): void;
}

const VALUES = ' VALUES ';
const NAMES = ROW_COLUMNS.map(({ name }) => quoteIdent(mariadb, name));
const [ID = ''] = NAMES;
const TOKEN = ROW_COLUMNS.findIndex(({ name }) => name === 'token');

export function createRowWrites(): RowWrites {
  /** `null` where only the id is known. */
  const known = new Map<string, readonly ColumnValue[] | null>();
  let isAll = false;
  let holder: number | null = null;
  const forget = (): void => {
    known.clear();
    isAll = false;
  };
  return {
    found(ids, token) {
      holder = token;
      known.clear();
      for (const id of ids) known.set(id, null);
      isAll = true;
    },

    save(history, row) {
      if (row.token !== holder) forget();
      const values = rowValues(row);
      const before = known.get(row.id);
      // What is done is hardly ever saved again in the same run.
      known.set(row.id, row.state === 'applied' ? null : values);
      const proof = (): string => savedSql(history.tables.history, row);
      if (before !== undefined && before !== null) {
        const changes = NAMES.flatMap((name, index) =>
          values[index] === before[index] && index !== TOKEN ? [] : [`${name} = ${literal(values[index] ?? null)}`],
        );
        const text = `UPDATE ${history.tables.history} SET ${changes.join(', ')} WHERE ${ID} = ${literal(row.id)}`;
        return { text, row: null, proof };
      }
      if (before !== undefined || !isAll) {
        const { into, after } = splitInsert(history.saveFenced);
        return { text: into, row: { values: tuple(values), after }, proof };
      }
      // What is not said is NULL.
      const said = values.filter((value) => value !== null);
      let names = '';
      for (let index = 0; index < values.length; index += 1)
        if (values[index] !== null) names += `${names === '' ? '' : ', '}${NAMES[index]}`;
      return {
        text: `INSERT INTO ${history.tables.history} (${names}) VALUES `,
        row: { values: tuple(said), after: '' },
        proof,
      };
    },

    forget,
  };
}

/** Before and behind the row of values. */
export function splitInsert(text: string): { readonly into: string; readonly after: string } {
  const from = text.indexOf(VALUES) + VALUES.length;
  return { into: text.slice(0, from), after: text.slice(text.indexOf(')', from) + 1) };
}

/** Whether a row stands as it was saved: by what changes from one saving of it to the next. */
function savedSql(table: string, row: HistoryRow): string {
  const values = {
    id: row.id,
    state: row.state,
    statements_done: row.statementsDone,
    cursors: JSON.stringify(row.cursors),
    token: row.token,
    run_id: row.runId,
    started_at: row.startedAt,
    finished_at: row.finishedAt,
  };
  const conditions = Object.keys(values).map((column) => `${column} <=> ?`);
  return inline(`SELECT COUNT(*) FROM ${table} WHERE ${conditions.join(' AND ')}`, Object.values(values));
}
