import { chainHash, LEDGER_START, type HistoryStore, type LedgerEvent } from '@detent/core';
import { checkColumns, checkLayout, eventValues, rowValues, toEntry, toEvent, toRow } from '@detent/sql';
import { entriesAsJsonSql, entriesSql, entriesWhereThere, readEntries, readEntriesAsJson } from './entries.ts';
import { lockLost, needsDirect, translate } from './errors.ts';
import { inline, literal } from './inline.ts';
import { appendLaterSql, lineLater, proofOf, rowLater, saveLaterSql } from './later.ts';
import { isRefused, valueOf, type Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import type { Transactions } from './transaction.ts';
import { Refused, type Answer } from './wire.ts';

const NO_TABLE = '42P01';
const NO_COLUMN = '42703';

type Row = Readonly<Record<string, unknown>>;

/** The end of the ledger. */
interface Tail {
  readonly seq: number;
  readonly hash: string;
}

export interface HistorySettings {
  readonly link: Link;
  readonly lock: SessionLock;
  readonly transactions: Transactions;
}

export interface PostgresHistory extends HistoryStore {
  /** Lines that were added went away with their transaction. */
  forgetTail(): void;
}

/** The history in its tables. What is written inside the session's transaction goes out, and is committed, with it. */
export function createHistory({ link, lock, transactions }: HistorySettings): PostgresHistory {
  /** Known to be there; a table is not taken away while a session looks. */
  let exists = false;
  let hasEvents = false;
  /** Only the holder of the lock adds lines, so it knows the last without asking. */
  let tail: { readonly token: number; readonly end: Tail } | null = null;

  /** The transaction looks for the token by itself, when it begins and before it is committed. */
  const isFenced = (): boolean => transactions.isWorking && lock.held !== null;

  /** What is written goes out with the statements that it is about. */
  const isLater = (): boolean => transactions.isPostponed && isFenced();
  const clockOffset = async (): Promise<number> => (await link.greeting()).clockOffsetMs;

  /** The entries, with the greeting in front where it is not known yet; `null` where there is no history. */
  const readRows = async (): Promise<readonly Row[] | null> => {
    if (link.known() === null) return firstRead();
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
    try {
      const answers = await link.wire.run([link.greetingText, ...entriesWhereThere(table, schema)].join(';\n'));
      const { greeting, books } = link.greeted(answers[0]);
      exists = greeting.tables.history;
      return exists ? (readEntries(answers[2]) ?? readAsJson(books.history.tables.lock)) : null;
    } catch (error) {
      if (!(error instanceof Refused) || error.failure.kind === 'lost' || error.answers.length === 0)
        throw translate(error, link.target);
      const { greeting, books } = link.greeted(error.answers[0]);
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

  const lastEvent = async (token: number): Promise<Tail> => {
    if (lock.held !== null && tail?.token === token) return tail.end;
    await transactions.flush();
    const { history } = await link.books();
    const row = (await link.look(history.lastEvent))?.rows[0];
    return { seq: Number(row?.['seq'] ?? 0), hash: row?.['hash'] ?? LEDGER_START };
  };

  return {
    forgetTail: () => (tail = null),

    async read() {
      await transactions.flush();
      const rows = await readRows();
      if (rows === null) return { exists: false, entries: [] };
      checkLayout(rows[0]?.['layout'], link.options.table);
      return { exists: true, entries: rows.map(toEntry) };
    },

    async load(id) {
      await transactions.flush();
      const { history } = await link.books();
      exists ||= link.known()?.tables.history ?? false;
      if (!exists && (await readRows()) === null) return null;
      const row = (await link.look(inline(history.load, [id])))?.rows[0];
      return row === undefined ? null : toRow(row);
    },

    async init() {
      await link.prepare();
      const { history, createSchema } = await link.books();
      const { tables, schemaExists } = await link.greeting();
      exists ||= tables.history;
      let steps: readonly string[] = [...(schemaExists ? [] : createSchema), ...history.create];
      if (exists) {
        const [columns, lockRow] = await link.ask(columnsSql(history.tables.history), history.readLock);
        checkColumns(namesIn(columns), history.tableNames.history);
        const layout = lockRow?.rows[0]?.['layout'] ?? null;
        if (layout !== null) steps = history.upgrade(Number(layout));
      }
      const { first } = await lock.fence();
      if (steps.length > 0 && transactions.isWorking) await link.ask(...steps);
      else if (steps.length > 0) await link.ask('BEGIN', ...first, ...steps, 'COMMIT');
      exists = true;
      hasEvents = true;
      if (transactions.isWorking) return;
      await link.keep({
        fence: await lock.fenceText(),
        save: history.saveFenced,
        append: history.appendFenced,
        saveLater: saveLaterSql(await link.books()),
        appendLater: appendLaterSql(await link.books()),
      });
    },

    async save(row) {
      if (lock.held !== null && row.token !== lock.held.token)
        throw lockLost({ token: row.token, tokenNow: lock.held.token });
      const { history } = await link.books();
      // Its statements would run in other sessions than the one that keeps the lock.
      if (row.intent?.kind === 'code' && (await link.greeting()).pooled) throw needsDirect(row.file, 1);
      if (isLater()) {
        const values = rowLater(row, await clockOffset());
        const text = link.call('saveLater', ...values) ?? inline(saveLaterSql(await link.books()), values);
        return transactions.write({ text }, { proof: proofOf(history.tables.history, row) });
      }
      const values = rowValues(row);
      const text = isFenced()
        ? (link.call('save', ...values) ?? inline(history.saveFenced, values))
        : inline(history.save, [...values, row.token]);
      await transactions.write({ text });
    },

    async append(line) {
      const { history } = await link.books();
      const token = await lock.token();
      const last = await lastEvent(token);
      tail = null;
      if (isLater()) {
        const values = lineLater(last.seq + 1, last.hash, line, await clockOffset());
        const text = link.call('appendLater', ...values) ?? inline(appendLaterSql(await link.books()), values);
        const heard = (answer: Answer): void => {
          tail = { token, end: { seq: last.seq + 1, hash: valueOf(answer) ?? '' } };
        };
        return transactions.write({ text, heard });
      }
      const event: LedgerEvent = {
        ...line,
        seq: last.seq + 1,
        previousHash: last.hash,
        hash: chainHash(last.hash, line),
      };
      const values = eventValues(event);
      const text = isFenced()
        ? (link.call('append', ...values) ?? inline(history.appendFenced, values))
        : inline(history.append, [...values, token]);
      await transactions.write({ text });
      tail = { token, end: { seq: event.seq, hash: event.hash } };
    },

    async events(limit) {
      await transactions.flush();
      const { history } = await link.books();
      hasEvents ||= link.known()?.tables.event ?? false;
      if (!hasEvents) {
        const [answer] = await link.ask(`SELECT to_regclass(${literal(history.tables.event)}) IS NOT NULL`);
        hasEvents = valueOf(answer) === 't';
        if (!hasEvents) return [];
      }
      const text = limit === null ? history.events.replace(/ LIMIT \$1$/, '') : inline(history.events, [limit]);
      return ((await link.look(text))?.rows ?? []).map(toEvent).toReversed();
    },
  };
}

function columnsSql(table: string): string {
  return `SELECT attname FROM pg_catalog.pg_attribute WHERE attrelid = to_regclass(${literal(table)}) AND attnum > 0 AND NOT attisdropped ORDER BY attnum`;
}

function namesIn(answer: Answer | undefined): readonly string[] {
  return (answer?.rows ?? []).map(({ attname }) => attname ?? '');
}
