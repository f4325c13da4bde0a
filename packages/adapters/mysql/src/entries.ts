import { ENTRY_COLUMNS, mariadb, quoteIdent } from '@detent/sql';
import type { Answer } from './wire.ts';

/** What an entry holds, in the order of `ENTRY_COLUMNS`, and the layout of the tables. */
export type EntryFields = readonly (string | null)[];

// One text for each row: a field by itself costs the driver a tenth of a row. A value with a separator in it shows in the number
// of fields, and then each is asked for by itself.
const [FIELD, NULL] = ['\u{1f}', '\u{1d}'];

/** The entries of a history, in no order. `lock`: the table with the layout; `null` where there is none. */
export function joinedEntriesSql(history: string, lock: string | null): string {
  const fields = ENTRY_COLUMNS.map(({ name, required }) => orNull(`h.${quoteIdent(mariadb, name)}`, required));
  const record = `CONCAT_WS('${FIELD}', ${[...fields, orNull(layoutOf(lock), false)].join(', ')})`;
  return `SELECT ${record} AS entry FROM ${history} h`;
}

/** The same whatever the values hold. */
export function entriesSql(history: string, lock: string | null): string {
  const fields = ENTRY_COLUMNS.map(({ name }) => `h.${quoteIdent(mariadb, name)}`);
  return `SELECT ${[...fields, `${layoutOf(lock)} AS layout`].join(', ')} FROM ${history} h`;
}

/** Of `joinedEntriesSql`; `null` where the fields have to be asked for one by one. */
export function readJoined(answer: Answer | undefined): readonly EntryFields[] | null {
  const found: EntryFields[] = [];
  for (const { entry } of answer?.rows ?? []) {
    const fields: (string | null)[] = (entry ?? '').split(FIELD);
    if (fields.length !== ENTRY_COLUMNS.length + 1) return null;
    for (let index = 0; index < fields.length; index += 1)
      if (fields[index] === NULL && ENTRY_COLUMNS[index]?.required !== true) fields[index] = null;
    found.push(fields);
  }
  return found;
}

/** Of `entriesSql`. */
export function readEntries(answer: Answer | undefined): readonly EntryFields[] {
  return (answer?.rows ?? []).map((row) => Object.values(row));
}

function orNull(column: string, required: boolean): string {
  return required ? column : `COALESCE(${column}, '${NULL}')`;
}

function layoutOf(lock: string | null): string {
  return lock === null ? 'NULL' : `(SELECT layout FROM ${lock} WHERE id = 1)`;
}
