import { chainHash, LEDGER_START, type HistoryStore, type LedgerEvent, type Logger } from '@detent/core';
import { checkColumns, eventValues, ledgerGone, rowValues } from '@detent/sql';
import { hasTable, type Bookkeeping } from './bookkeeping.ts';
import type { Patience } from './busy.ts';
import type { Connection } from './driver.ts';
import { translate } from './errors.ts';
import { columnsOf, historyReader } from './history.ts';
import type { Link } from './link.ts';
import { lockLost, type SessionLock } from './lock.ts';
import { ended, inShortTransaction } from './transaction.ts';

export interface HistorySettings {
  readonly link: Link;
  readonly books: Bookkeeping;
  readonly lock: SessionLock;
  readonly patience: Patience;
  readonly logger: Logger;
  /** Whether the session is inside `transaction`. */
  readonly isWorking: () => boolean;
}

/** The history of a session, which knows the newest line of the ledger while nobody else can write one. */
export interface SessionHistory extends HistoryStore {
  /** Called when a transaction was rolled back, and its lines with it. */
  forget(): void;
}

interface Newest {
  readonly token: number;
  readonly seq: number;
  readonly hash: string;
}

/** The history in its tables. What is written inside the session's transaction is committed with it. */
export function createHistory({ link, books, lock, patience, logger, isWorking }: HistorySettings): SessionHistory {
  const sql = books.history;
  const { history: table } = sql.tableNames;

  let newest: Newest | null = null;

  /** The session's transaction found its token in the row as it began, and has kept everybody else from writing since. */
  const isFenced = (token: number): boolean => isWorking() && lock.heldToken() === token;

  const newestEvent = (connection: Connection, token: number): Pick<Newest, 'seq' | 'hash'> => {
    if (newest !== null && newest.token === token && isFenced(token)) return newest;
    const last = connection.get(sql.lastEvent);
    return last === undefined
      ? { seq: 0, hash: LEDGER_START }
      : { seq: Number(last['seq']), hash: String(last['hash']) };
  };

  const write = async (work: (connection: Connection) => void): Promise<void> => {
    const connection = await link.writing();
    if (isWorking() && !connection.inTransaction) throw ended();
    if (!isWorking()) return inShortTransaction(connection, patience, () => work(connection));
    try {
      work(connection);
    } catch (error) {
      throw translate(error, link.path);
    }
  };
  return {
    ...historyReader(link, books, patience),

    async init() {
      const connection = await link.writing();
      const isThere = hasTable(connection, table);
      if (isThere) checkColumns(columnsOf(connection, table), table);
      const layout = hasTable(connection, sql.tableNames.lock) ? connection.get(sql.readLock)?.['layout'] : null;
      const isLedgerGone = isThere && !hasTable(connection, sql.tableNames.event);
      const steps =
        isThere && layout !== null && layout !== undefined
          ? [...(isLedgerGone ? sql.createLedger : []), ...sql.upgrade(Number(layout))]
          : sql.create;
      if (isLedgerGone) logger.warn(ledgerGone(sql.tableNames.event));
      if (steps.length === 0) return;
      await inShortTransaction(connection, patience, () => {
        lock.fence(connection);
        for (const step of steps) connection.exec(step);
      });
    },

    save: (row) =>
      write((connection) => {
        if (isFenced(row.token)) connection.run(sql.saveFenced, ...rowValues(row));
        else if (connection.run(sql.save, ...rowValues(row), row.token) === 0)
          throw lockLost(connection, books.lock, row.token);
      }),

    append: (line) =>
      write((connection) => {
        const token = lock.token(connection);
        const { seq, hash: previousHash } = newestEvent(connection, token);
        const event: LedgerEvent = { ...line, seq: seq + 1, previousHash, hash: chainHash(previousHash, line) };
        if (isFenced(token)) connection.run(sql.appendFenced, ...eventValues(event));
        else if (connection.run(sql.append, ...eventValues(event), token) === 0)
          throw lockLost(connection, books.lock, token);
        newest = isFenced(token) ? { token, seq: event.seq, hash: event.hash } : null;
      }),

    forget() {
      newest = null;
    },
  };
}
