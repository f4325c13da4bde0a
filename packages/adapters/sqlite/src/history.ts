import type { HistoryStore } from '@detent/core';
import { checkColumns, checkLayout, entriesOf, ENTRY_COLUMNS, quoteIdent, sqlite, toEvent, toRow } from '@detent/sql';
import { hasTable, type Bookkeeping } from './bookkeeping.ts';
import { patiently, type Patience } from './busy.ts';
import type { Connection } from './driver.ts';
import { failureOf, translate } from './errors.ts';
import type { Link } from './link.ts';

/** The history as it is in its tables. */
export function historyReader(
  link: Link,
  { history: sql }: Bookkeeping,
  patience: Patience,
): Pick<HistoryStore, 'read' | 'load' | 'events'> {
  const { history: table } = sql.tableNames;

  const look = async <T>(read: (connection: Connection) => T): Promise<T> => {
    try {
      return await patiently(async () => read(await link.reading()), patience);
    } catch (error) {
      throw translate(error, link.path);
    }
  };
  /** The entries, each with the layout; `null` where there is no history. */
  const readLists = (connection: Connection): readonly (readonly unknown[])[] | null => {
    try {
      return connection.lists(sql.readUnordered);
    } catch (error) {
      if (failureOf(error)?.primary !== 'SQLITE_ERROR') throw error;
      if (!hasTable(connection, table)) return null;
      checkColumns(columnsOf(connection, table), table);
      // Only the lock's table is gone; the next run makes it again.
      return connection.lists(READ_ENTRIES(sql.tables.history));
    }
  };

  return {
    read: () =>
      look((connection) => {
        const found = readLists(connection);
        if (found === null) return { exists: false, entries: [] };
        checkLayout(found[0]?.[ENTRY_COLUMNS.length], table);
        return { exists: true, entries: entriesOf(found) };
      }),

    load: (id) =>
      look((connection) => {
        if (!hasTable(connection, table)) return null;
        const row = connection.get(sql.load, id);
        return row === undefined ? null : toRow(row);
      }),

    events: (limit) =>
      look((connection) => {
        if (!hasTable(connection, sql.tableNames.event)) return [];
        return connection
          .all(sql.events, limit ?? -1)
          .map(toEvent)
          .toReversed();
      }),
  };
}

export function columnsOf(connection: Connection, table: string): readonly string[] {
  return connection.all('SELECT name FROM pragma_table_info(?)', table).map(({ name }) => String(name));
}

const READ_ENTRIES = (table: string): string =>
  `SELECT ${ENTRY_COLUMNS.map(({ name }) => quoteIdent(sqlite, name)).join(', ')} FROM ${table}`;
