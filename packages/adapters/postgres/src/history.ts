import type { HistoryEntry, HistoryStore } from '@detent/core';
import { checkColumns, checkLayout, toEntry, toEvent, toRow } from '@detent/sql';
import { entriesAsJsonSql, entriesSql, entriesWhereThere, readEntries, readEntriesAsJson } from './entries.ts';
import { translate } from './errors.ts';
import { inline, literal } from './inline.ts';
import { isRefused, valueOf, type Link } from './link.ts';
import { Refused, type Answer } from './wire.ts';

const NO_TABLE = '42P01';
const NO_COLUMN = '42703';

type Row = Readonly<Record<string, unknown>>;

export interface HistoryReader extends Pick<HistoryStore, 'read' | 'load' | 'events'> {
  /** Known to be there. */
  readonly exists: boolean;
  /** Whether the ledger is there, asked of the server until it is. */
  hasEvents(): Promise<boolean>;
  /** Told when the tables were made. */
  made(): void;
  /** What was read since; `null` when nothing was. */
  readonly last: readonly HistoryEntry[] | null;
  /** Told when what was read does not hold any more. */
  forget(): void;
}

/** The history as it stands in its tables, which are not taken away while a session looks. */
export function historyReader(link: Link): HistoryReader {
  let exists = false;
  let hasEvents = false;
  let last: readonly HistoryEntry[] | null = null;

  /** The entries; `null` where there is no history. */
  const readRows = async (): Promise<readonly Row[] | null> => {
    const { history } = await link.books();
    if (!exists) {
      const [answer] = await link.ask(`SELECT to_regclass(${literal(history.tables.history)}) IS NOT NULL`);
      exists = valueOf(answer) === 't';
      if (!exists) return null;
    }
    return readAgain(history.tables.lock);
  };

  /** Everything in the first round trip: who the server is, and the history in the schema that the answer in front names. */
  const firstRead = async (): Promise<readonly Row[] | null> => {
    const { table, schema } = link.options;
    const sentAt = Date.now();
    try {
      const answers = await link.wire.run([link.greetingText, ...entriesWhereThere(table, schema)].join(';\n'));
      const { greeting, books } = link.greeted(answers[0], sentAt);
      exists = greeting.tables.history;
      return exists ? (readEntries(answers[2]) ?? (await readAsJson(books.history.tables.lock))) : null;
    } catch (error) {
      if (!(error instanceof Refused) || error.failure.kind === 'lost' || error.answers.length === 0)
        throw translate(error, link.target);
      const { greeting, books } = link.greeted(error.answers[0], sentAt);
      exists = greeting.tables.history;
      return exists ? readAgain(books.history.tables.lock) : null;
    }
  };

  const readAgain = async (lockTable: string | null): Promise<readonly Row[]> => {
    const { history } = await link.books();
    try {
      const [answer] = await link.wire.run(entriesSql(history.tables.history, lockTable));
      return readEntries(answer) ?? (await readAsJson(lockTable));
    } catch (error) {
      if (!isRefused(error, NO_TABLE, NO_COLUMN) || lockTable === null) throw translate(error, link.target);
      checkColumns(namesIn((await link.ask(columnsSql(history.tables.history)))[0]), history.tableNames.history);
      // Only the lock's table is gone; the next run makes it again.
      return readAgain(null);
    }
  };
  const readAsJson = async (lockTable: string | null): Promise<readonly Row[]> => {
    const { history } = await link.books();
    const [answer] = await link.ask(entriesAsJsonSql(history.tables.history, lockTable));
    return readEntriesAsJson(valueOf(answer));
  };

  const reader: HistoryReader = {
    get exists() {
      return exists;
    },

    async hasEvents() {
      hasEvents ||= link.known()?.tables.event ?? false;
      if (hasEvents) return true;
      const { history } = await link.books();
      const [answer] = await link.ask(`SELECT to_regclass(${literal(history.tables.event)}) IS NOT NULL`);
      return (hasEvents = valueOf(answer) === 't');
    },

    made() {
      exists = true;
      hasEvents = true;
      last = null;
    },

    get last() {
      return last;
    },

    forget: () => (last = null),

    async read() {
      // The first question goes out before anything is waited for, so that the server answers while the files are read.
      const rows = await (link.known() === null ? firstRead() : link.flush().then(readRows));
      if (rows === null) return { exists: false, entries: [] };
      checkLayout(rows[0]?.['layout'], link.options.table);
      last = rows.map(toEntry);
      return { exists: true, entries: last };
    },

    async load(id) {
      await link.flush();
      const { history } = await link.books();
      exists ||= link.known()?.tables.history ?? false;
      if (!exists && (await readRows()) === null) return null;
      const row = (await link.look(inline(history.load, [id])))?.rows[0];
      return row === undefined ? null : toRow(row);
    },

    async events(limit) {
      await link.flush();
      const { history } = await link.books();
      if (!(await reader.hasEvents())) return [];
      const text = limit === null ? history.events.replace(/ LIMIT \$1$/, '') : inline(history.events, [limit]);
      return ((await link.look(text))?.rows ?? []).map(toEvent).toReversed();
    },
  };
  return reader;
}

export function columnsSql(table: string): string {
  return `SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass(${literal(table)}) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;
}

export function namesIn(answer: Answer | undefined): readonly string[] {
  return (answer?.rows ?? []).map(({ attname }) => attname ?? '');
}
