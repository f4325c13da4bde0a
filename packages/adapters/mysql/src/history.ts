import type { HistoryStore } from '@detent/core';
import { checkColumns, checkLayout, entriesOf, ENTRY_COLUMNS, mariadb, quoteIdent, toEvent, toRow } from '@detent/sql';
import { entriesSql, joinedEntriesSql, readEntries, readJoined, type EntryFields } from './entries.ts';
import { translate } from './errors.ts';
import type { Link } from './link.ts';
import { inline, literal } from './literal.ts';
import { isRefused, Refused, valueOf, type Answer } from './wire.ts';

const NO_TABLE = 1146;
const NO_COLUMN = 1054;
const NO_DATABASE = 1049;

export interface HistoryReader extends Pick<HistoryStore, 'read' | 'load' | 'events'> {
  /** Whether there is one, asked of the server until there is: a table is not taken away while a session looks. */
  exists(): Promise<boolean>;
  /** The same of the ledger. */
  hasEvents(): Promise<boolean>;
  /** Told when the tables were made. */
  made(): void;
  /** Called with the ids of all entries when they were read. */
  onRead: (ids: readonly string[]) => void;
}

export interface MysqlHistory extends HistoryStore {
  /** What was written went away with its transaction. */
  forget(): void;
}

/** The history as it stands in its tables. */
export function historyReader(link: Link): HistoryReader {
  let exists = false;
  let hasEvents = false;

  const isThere = async (name: string): Promise<boolean> => {
    const { schema } = await link.books();
    const [answer] = await link.ask(
      `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(name)}`,
    );
    return valueOf(answer) !== '0';
  };

  /** The entries, with the greeting in front where it is not known yet; `null` where there is no history. */
  const readRows = async (): Promise<readonly EntryFields[] | null> => {
    const { table, schema } = link.options;
    const greets = link.known() === null;
    if (greets && !link.wire.takesMany) {
      const { tables } = await link.greeting();
      return tables.history ? readBy() : null;
    }
    if (!greets) {
      exists ||= await isThere(table);
      return exists ? readBy() : null;
    }
    const sentAt = Date.now();
    try {
      const answers = await link.wire.run(link.greetingText, bareSql(table, schema));
      const { greeting } = link.greeted(answers[0], sentAt);
      exists = greeting.tables.history;
      return exists ? (readJoined(answers[1]) ?? (await readBy())) : null;
    } catch (error) {
      if (!(error instanceof Refused) || error.failure.kind === 'lost' || error.answers.length === 0)
        throw translate(error, link.target);
      const { greeting } = link.greeted(error.answers[0], sentAt);
      exists = greeting.tables.history;
      return exists ? readBy() : null;
    }
  };

  const readBy = async (): Promise<readonly EntryFields[]> => {
    const { history } = await link.books();
    const { tables, tableNames } = history;
    try {
      const [joined] = await link.wire.run(joinedEntriesSql(tables.history, tables.lock));
      return readJoined(joined) ?? readEntries((await link.ask(entriesSql(tables.history, tables.lock)))[0]);
    } catch (error) {
      if (!isRefused(error, NO_TABLE, NO_COLUMN, NO_DATABASE)) throw translate(error, link.target);
      checkColumns(namesIn((await link.ask(await columnsSql(link)))[0]), tableNames.history);
      // Only the lock's table is gone; the next run makes it again.
      return readEntries((await link.ask(entriesSql(tables.history, null)))[0]);
    }
  };

  const reader: HistoryReader = {
    onRead: () => undefined,

    async exists() {
      const { history } = await link.books();
      return (exists ||= await isThere(history.tableNames.history));
    },

    async hasEvents() {
      const { history } = await link.books();
      hasEvents ||= link.known()?.tables.event ?? false;
      return (hasEvents ||= await isThere(history.tableNames.event));
    },

    made() {
      exists = true;
      hasEvents = true;
    },

    async read() {
      // The first question goes out before anything is waited for, so that the server answers while the files are read.
      const found = await (link.known() === null ? readRows() : link.flush().then(readRows));
      if (found === null) return { exists: false, entries: [] };
      checkLayout(found[0]?.[ENTRY_COLUMNS.length], link.options.table);
      const entries = entriesOf(found);
      reader.onRead(entries.map(({ id }) => id));
      return { exists: true, entries };
    },

    async load(id) {
      await link.flush();
      const { history } = await link.books();
      exists ||= link.known()?.tables.history ?? false;
      if (!exists && (await readRows()) === null) return null;
      const row = (await link.ask(inline(history.load, [id])))[0]?.rows[0];
      return row === undefined ? null : toRow(row);
    },

    async events(limit) {
      await link.flush();
      const { history } = await link.books();
      if (!(await reader.hasEvents())) return [];
      const text = limit === null ? history.events.replace(/ LIMIT \?$/, '') : inline(history.events, [limit]);
      return ((await link.ask(text))[0]?.rows ?? []).map(toEvent).toReversed();
    },
  };
  return reader;
}

export async function columnsSql(link: Link): Promise<string> {
  const { schema, history } = await link.books();
  return (
    'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS ' +
    `WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(history.tableNames.history)} ORDER BY ORDINAL_POSITION`
  );
}

export function namesIn(answer: Answer | undefined): readonly string[] {
  return (answer?.rows ?? []).map(({ name }) => name ?? '');
}

/** By the names of the tables alone, as nobody knows yet which database is chosen. */
function bareSql(table: string, schema: string | null): string {
  const name = (bare: string): string =>
    schema === null ? quoteIdent(mariadb, bare) : quoteIdent(mariadb, schema, bare);
  return joinedEntriesSql(name(table), name(`${table}_lock`));
}
