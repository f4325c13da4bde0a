import { DetentError, misuse } from '@detent/core';
import type { Dialect } from './dialect.ts';
import {
  columnType,
  ENTRY_COLUMNS,
  EVENT_COLUMNS,
  LAYOUT,
  LOCK_COLUMNS,
  ROW_COLUMNS,
  type Column,
} from './history-columns.ts';
import { onDemand } from './on-demand.ts';
import { quoteIdent } from './quote.ts';

/** Where the history lives; `schema` is `null` for the database's default. */
export interface HistoryPlace {
  readonly table: string;
  readonly schema: string | null;
}

/**
 * The history as statements, each made once to be prepared and used again. Values are bound in the order in which
 * `rowValues` and `eventValues` give them, followed by the token of the lock: where the token is not the lock's any
 * more, `save` and `append` change no row.
 */
export interface HistoryStatements {
  /** Quoted and qualified, to stand in any statement. */
  readonly tables: { readonly history: string; readonly event: string; readonly lock: string };
  /** The same without quotes and schema, to look them up in a catalogue. */
  readonly tableNames: { readonly history: string; readonly event: string; readonly lock: string };
  /** The lock's table with its one row, for a lock that is taken before anything else is there. Does nothing where it is. */
  readonly createLock: readonly string[];
  /** The ledger's table. Does nothing where it is. */
  readonly createLedger: readonly string[];
  /** Everything, in this order; each does nothing where its work is done. The history's own table is last, so that it is there only when all are. */
  readonly create: readonly string[];
  /** From an older layout to this one. Throws `HISTORY_NEWER`. */
  upgrade(layout: number): readonly string[];
  /** The entries by `applied_order`, each with the column `layout`. */
  readonly read: string;
  /** The same in no order, for `entriesOf`. */
  readonly readUnordered: string;
  /** The lock's row, with `layout` and `token`. */
  readonly readLock: string;
  /** A whole row by its `id`. */
  readonly load: string;
  /** Inserts or replaces a row: `rowValues`, then the token. */
  readonly save: string;
  /** Adds an event: `eventValues`, then the token. */
  readonly append: string;
  /** Both without the token, for a transaction that found it true and keeps everybody else from writing. */
  readonly saveFenced: string;
  readonly appendFenced: string;
  /** A row that is known not to be there. */
  readonly insertFenced: string;
  /** The `seq` and `hash` of the newest event. */
  readonly lastEvent: string;
  /** Events, newest first; takes how many. */
  readonly events: string;
}

/** Throws `CONFIG` when the database cannot have tables of these names. */
export function historyStatements(dialect: Dialect, place: HistoryPlace): HistoryStatements {
  const { table, schema } = place;
  if (table === '') throw misuse('The name of the history table is empty.', 'Leave `table` out for schema_version.');
  const tableNames = { history: table, event: `${table}_event`, lock: `${table}_lock` };
  const qualify = (name: string): string =>
    schema === null ? quoteIdent(dialect, name) : quoteIdent(dialect, schema, name);
  const tables = {
    history: qualify(tableNames.history),
    event: qualify(tableNames.event),
    lock: qualify(tableNames.lock),
  };
  const names = (columns: readonly Column[]): string => columns.map(({ name }) => quoteIdent(dialect, name)).join(', ');
  const parameter = parameters(dialect);
  const id = quoteIdent(dialect, 'id');
  const token = quoteIdent(dialect, 'token');
  const layout = quoteIdent(dialect, 'layout');
  const seq = quoteIdent(dialect, 'seq');

  const createTable = (name: string, columns: readonly Column[], key: string): string => {
    const lines = columns.map((column) => {
      const primary = column.name === key ? ' PRIMARY KEY' : '';
      return `  ${quoteIdent(dialect, column.name)} ${columnType(dialect, column.type)}${column.required ? ' NOT NULL' : ''}${primary}`;
    });
    return `CREATE TABLE IF NOT EXISTS ${name} (\n${lines.join(',\n')}\n)${tableOptions(dialect)}`;
  };
  const insertFenced = (verb: string, name: string, columns: readonly Column[]): string => {
    const values = columns.map((column, index) => parameter(index + 1, column)).join(', ');
    const fence = parameter(columns.length + 1, { name: 'token', type: 'integer', required: true });
    return `${verb} INTO ${name} (${names(columns)}) SELECT ${values} FROM ${tables.lock} WHERE ${id} = 1 AND ${token} = ${fence}`;
  };

  const insert = (verb: string, name: string, columns: readonly Column[]): string => {
    const values = columns.map((column, index) => parameter(index + 1, column)).join(', ');
    return `${verb} INTO ${name} (${names(columns)}) VALUES (${values})`;
  };

  return onDemand<HistoryStatements>({
    tables: () => tables,
    tableNames: () => tableNames,
    createLock: () => [
      createTable(tables.lock, LOCK_COLUMNS, 'id'),
      insertOnce(dialect, `INTO ${tables.lock} (${id}, ${layout}, ${token}) VALUES (1, ${LAYOUT}, 0)`),
    ],
    createLedger: () => [createTable(tables.event, EVENT_COLUMNS, 'seq')],
    create: (made) => [...made.createLock, ...made.createLedger, createTable(tables.history, ROW_COLUMNS, 'id')],
    upgrade: () => (from) => {
      checkLayout(from, tables.history);
      // Layout 1 is the first; steps from older ones go here, and end by setting the layout.
      return [];
    },
    read: (made) => `${made.readUnordered} ORDER BY h.${quoteIdent(dialect, 'applied_order')}`,
    readUnordered: () =>
      `SELECT ${ENTRY_COLUMNS.map(({ name }) => `h.${quoteIdent(dialect, name)}`).join(', ')}, l.${layout} ` +
      `FROM ${tables.history} h LEFT JOIN ${tables.lock} l ON l.${id} = 1`,
    readLock: () => `SELECT ${names(LOCK_COLUMNS)} FROM ${tables.lock} WHERE ${id} = 1`,
    load: () =>
      `SELECT ${names(ROW_COLUMNS)} FROM ${tables.history} WHERE ${id} = ${dialect.placeholder === 'dollar' ? '$1' : '?'}`,
    save: () => saveRow(dialect, (verb) => insertFenced(verb, tables.history, ROW_COLUMNS)),
    append: () => insertFenced('INSERT', tables.event, EVENT_COLUMNS),
    saveFenced: () => saveRow(dialect, (verb) => insert(verb, tables.history, ROW_COLUMNS)),
    appendFenced: () => insert('INSERT', tables.event, EVENT_COLUMNS),
    insertFenced: () => insert('INSERT', tables.history, ROW_COLUMNS),
    lastEvent: () => `SELECT ${seq}, ${quoteIdent(dialect, 'hash')} FROM ${tables.event} ORDER BY ${seq} DESC LIMIT 1`,
    events: () =>
      `SELECT ${names(EVENT_COLUMNS)} FROM ${tables.event} ORDER BY ${seq} DESC LIMIT ${dialect.placeholder === 'dollar' ? '$1' : '?'}`,
  });
}

/** Throws `HISTORY_NEWER` for a layout that this version of Detent does not know. `null`, where the lock's row is gone, passes. */
export function checkLayout(layout: unknown, table: string): void {
  const found = Number(layout);
  if (layout === null || layout === undefined || found <= LAYOUT) return;
  throw new DetentError(
    'HISTORY_NEWER',
    `The history ${table} was written by a newer Detent (layout ${found}, this one knows ${LAYOUT}).`,
    {
      hint: 'Use the newer version here too.',
      facts: { layout: found, known: LAYOUT },
    },
  );
}

/** Throws `HISTORY_FOREIGN` when a table of this name has other columns than Detent gave it. */
export function checkColumns(columns: readonly string[], table: string): void {
  const found = new Set(columns.map((name) => name.toLowerCase()));
  const missing = ROW_COLUMNS.filter(({ name }) => !found.has(name));
  if (missing.length === 0) return;
  throw new DetentError(
    'HISTORY_FOREIGN',
    `The table ${table} is not a history of Detent: it has the columns ${columns.join(', ')}.`,
    {
      hint: 'Give Detent a table of its own with the option `table`, or take the other one out of the way.',
      facts: { columns: [...columns], missing: missing.map(({ name }) => name) },
    },
  );
}

function parameters(dialect: Dialect): (index: number, column: Column) => string {
  // PostgreSQL takes a parameter in a SELECT list for text unless told.
  return dialect.placeholder === 'dollar' ? (index, { type }) => `$${index}::${columnType(dialect, type)}` : () => '?';
}

function saveRow(dialect: Dialect, insert: (verb: string) => string): string {
  const replaced = ROW_COLUMNS.filter(({ name }) => name !== 'id').map(({ name }) => quoteIdent(dialect, name));
  switch (dialect.name) {
    // Compiled again after each change of the schema, and an upsert of so many columns takes longest at that.
    case 'sqlite':
      return insert('INSERT OR REPLACE');
    case 'postgres':
      return `${insert('INSERT')} ON CONFLICT (${quoteIdent(dialect, 'id')}) DO UPDATE SET ${replaced.map((name) => `${name} = excluded.${name}`).join(', ')}`;
    case 'mysql':
    case 'mariadb':
      return `${insert('INSERT')} ON DUPLICATE KEY UPDATE ${replaced.map((name) => `${name} = VALUES(${name})`).join(', ')}`;
  }
}

function insertOnce(dialect: Dialect, rest: string): string {
  switch (dialect.name) {
    case 'postgres':
    case 'sqlite':
      return `INSERT ${rest} ON CONFLICT DO NOTHING`;
    case 'mysql':
    case 'mariadb':
      return `INSERT IGNORE ${rest}`;
  }
}

function tableOptions(dialect: Dialect): string {
  switch (dialect.name) {
    case 'postgres':
    case 'sqlite':
      return '';
    case 'mysql':
    case 'mariadb':
      return ' ENGINE=InnoDB DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_bin';
  }
}

/** For people, where the ledger was taken away and the history was not. */
export function ledgerGone(ledger: string): string {
  return `The ledger ${ledger} was gone, and begins anew: what was in it is lost.`;
}
