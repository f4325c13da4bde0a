import { ENTRY_COLUMNS, postgres, quoteIdent } from '@detent/sql';
import { literal } from './inline.ts';
import type { Answer } from './wire.ts';

type Row = Readonly<Record<string, string | null>>;

// A thousand rows of the driver take five times as long to read as one value, and JSON takes the server four times as long
// to write as joined text. A value with a separator in it shows in the count, and then JSON it is.
const [FIELD, RECORD, NULL] = ['\u{1f}', '\u{1e}', '\u{1d}'];

const LAYOUT = { name: 'layout', required: false };
const COLUMNS = [...ENTRY_COLUMNS, LAYOUT];

/** The entries of a history as one row; `from`: what stands behind FROM, with the aliases `h` and `l`. */
export function entriesSql(history: string, lock: string | null): string {
  const fields = COLUMNS.map((column) => {
    const value = column === LAYOUT && lock === null ? 'NULL' : `${columnOf(column.name)}::text`;
    return column.required ? value : `coalesce(${value}, ${literal(NULL)})`;
  });
  const record = `concat_ws(${literal(FIELD)}, ${fields.join(', ')})`;
  return `SELECT string_agg(${record}, ${literal(RECORD)}) AS records, count(*) AS number FROM ${fromBoth(history, lock)}`;
}

/** The same whatever the values hold. */
export function entriesAsJsonSql(history: string, lock: string | null): string {
  const columns = COLUMNS.map((column) =>
    column === LAYOUT && lock === null ? 'NULL AS layout' : columnOf(column.name),
  );
  return `SELECT json_agg(entry) FROM (SELECT ${columns.join(', ')} FROM ${fromBoth(history, lock)}) AS entry`;
}

/** In the order in which they were applied; `null` where JSON has to be asked for. */
export function readEntries(answer: Answer | undefined): readonly Row[] | null {
  const { records = null, number = '0' } = answer?.rows[0] ?? {};
  const rows: Row[] = [];
  for (const record of records === null ? [] : records.split(RECORD)) {
    const fields = record.split(FIELD);
    if (fields.length !== COLUMNS.length) return null;
    rows.push(toRow(fields));
  }
  return rows.length === Number(number) ? inOrder(rows) : null;
}

/** Of `entriesAsJsonSql`. */
export function readEntriesAsJson(value: string | null): readonly Row[] {
  return inOrder(JSON.parse(value ?? '[]') as readonly Row[]);
}

function toRow(fields: readonly string[]): Row {
  const row: Record<string, string | null> = {};
  for (let index = 0; index < COLUMNS.length; index += 1) {
    const column = COLUMNS[index];
    const field = fields[index] ?? null;
    if (column !== undefined) row[column.name] = field === NULL && !column.required ? null : field;
  }
  return row;
}

function inOrder(rows: readonly Row[]): readonly Row[] {
  const orders = rows.map((row) => Number(row['applied_order']));
  // Nearly always they are: rows are added in that order.
  if (orders.every((order, index) => index === 0 || order >= (orders[index - 1] ?? 0))) return rows;
  return rows.toSorted((a, b) => Number(a['applied_order']) - Number(b['applied_order']));
}

function columnOf(name: string): string {
  return `${name === LAYOUT.name ? 'l' : 'h'}.${quoteIdent(postgres, name)}`;
}

function fromBoth(history: string, lock: string | null): string {
  return lock === null ? `${history} h` : `${history} h LEFT JOIN ${lock} l ON l.id = 1`;
}

/**
 * The entries where there is a history, and nothing where there is none: a SELECT from a table that is not there would be an
 * error in the server's log.
 */
export function entriesWhereThere(table: string, schema: string | null): readonly string[] {
  const query = entriesSql('%1$I.%2$I', '%1$I.%3$I');
  const place = schema === null ? "coalesce(current_schema(), 'public')" : literal(schema);
  const block =
    `DECLARE look refcursor := 'detent_look'; place text := ${place}; BEGIN ` +
    `IF to_regclass(format('%I.%I', place, ${literal(table)})) IS NULL THEN OPEN look FOR SELECT 1 WHERE false; ` +
    `ELSE OPEN look FOR EXECUTE format(${literal(query)}, place, ${literal(table)}, ${literal(`${table}_lock`)}); END IF; END`;
  return [`DO ${literal(block)}`, 'FETCH ALL FROM detent_look', 'CLOSE detent_look'];
}
