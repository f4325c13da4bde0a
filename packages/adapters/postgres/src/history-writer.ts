import {
  chainHash,
  LEDGER_START,
  type HistoryRow,
  type HistoryStore,
  type LedgerEvent,
  type WholeMigration,
} from '@detent/core';
import { checkColumns, eventValues, ledgerGone, rowValues } from '@detent/sql';
import { alike } from './alike.ts';
import { lockLost, needsDirect } from './errors.ts';
import { columnsSql, namesIn, type HistoryReader } from './history.ts';
import { inline } from './inline.ts';
import {
  appendLaterSql,
  insertLaterSql,
  lineLater,
  OWN_OF_LINE,
  OWN_OF_ROW,
  TWINS_OF_ROW,
  proofOf,
  rowLater,
  saveLaterSql,
} from './later.ts';
import { valueOf, type Link } from './link.ts';
import type { HistoryRecord } from './commit.ts';
import type { SessionLock } from './lock.ts';
import type { Part } from './message.ts';
import type { Transactions } from './transaction.ts';
import type { Answer } from './wire.ts';

/** The end of the ledger. */
interface Tail {
  readonly seq: number;
  readonly hash: string;
}

export interface HistorySettings {
  readonly link: Link;
  readonly reader: HistoryReader;
  readonly lock: SessionLock;
  readonly transactions: Transactions;
}

/** What is written about a migration, in the message that it goes out in. */
export interface Entry {
  /** The number of the line that its own follows. */
  readonly behind: number;
  readonly parts: readonly Part[];
  readonly record: HistoryRecord;
  /** Told in the end whether it stands. */
  settled(stands: boolean): void;
}

export interface PostgresHistory extends HistoryStore {
  /** Makes it ready as far as it can be known before it goes out. `null` where it is not like those before, now or then. */
  compose(migration: Pick<WholeMigration, 'row' | 'line'>): (() => Entry | null) | null;
  /** Rows and lines that were added went away with their transaction, or others came. */
  forget(): void;
}

/** What is written inside the session's transaction goes out, and is committed, with it. */
export function createHistory({ link, reader, lock, transactions }: HistorySettings): PostgresHistory {
  /** Only the holder of the lock adds lines, so it knows the last without asking. */
  let tail: { readonly token: number; readonly end: Tail } | null = null;
  /** The row that the next line is about, where both go out with its statements. */
  let about: HistoryRecord | null = null;
  /** The numbers of lines that went out behind it and are not settled yet. */
  const unsettled = new Set<number>();

  /** The ids of all rows, known since they were read under the lock. */
  let ids: Set<string> | null = null;
  const isNew = (id: string): boolean => {
    if (reader.last === null) return false;
    ids ??= new Set(reader.last.map((entry) => entry.id));
    return !ids.has(id);
  };
  const recordOf = (row: HistoryRow): HistoryRecord => ({
    proof: async () => proofOf((await link.books()).history.tables.history, row),
  });
  const insertAlike = alike({
    link,
    text: async () => insertLaterSql(await link.books()),
    own: OWN_OF_ROW,
    twins: TWINS_OF_ROW,
  });
  const appendAlike = alike({ link, text: async () => appendLaterSql(await link.books()), own: OWN_OF_LINE });

  /** The transaction looks for the token by itself, when it begins and before it is committed. */
  const isFenced = (): boolean => transactions.isWorking && lock.held !== null;
  /** What is written goes out with the statements that it is about. */
  const isLater = (): boolean => transactions.isPostponed && isFenced();

  const lastEvent = async (token: number): Promise<Tail> => {
    if (lock.held !== null && tail?.token === token) return tail.end;
    await transactions.flush();
    const { history } = await link.books();
    const row = (await link.look(history.lastEvent))?.rows[0];
    return { seq: Number(row?.['seq'] ?? 0), hash: row?.['hash'] ?? LEDGER_START };
  };

  return {
    read: () => reader.read(),
    load: (id) => reader.load(id),
    events: (limit) => reader.events(limit),

    forget() {
      tail = null;
      ids = null;
      reader.forget();
    },

    async init() {
      await link.prepare();
      const { history, createSchema } = await link.books();
      const { tables, schemaExists } = await link.greeting();
      const exists = reader.exists || tables.history;
      let steps: readonly string[] = [...(schemaExists ? [] : createSchema), ...history.create];
      if (exists) {
        const [columns, lockRow] = await link.ask(columnsSql(history.tables.history), history.readLock);
        checkColumns(namesIn(columns), history.tableNames.history);
        const layout = lockRow?.rows[0]?.['layout'] ?? null;
        const hasLedger = await reader.hasEvents();
        if (!hasLedger) link.logger.warn(ledgerGone(history.tableNames.event));
        if (layout !== null) steps = [...(hasLedger ? [] : history.createLedger), ...history.upgrade(Number(layout))];
      }
      const { first } = await lock.fence();
      if (steps.length > 0 && transactions.isWorking) await link.ask(...steps);
      else if (steps.length > 0) await link.ask('BEGIN', ...first, ...steps, 'COMMIT');
      reader.made();
      if (transactions.isWorking) return;
      await link.keep({
        ...(await lock.fenceTexts()),
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
        const values = rowLater(row, lock.aheadMs);
        const text =
          (isNew(row.id) ? await insertAlike.call(values) : null) ??
          link.call('saveLater', ...values) ??
          inline(saveLaterSql(await link.books()), values);
        ids?.add(row.id);
        about = recordOf(row);
        return transactions.write({ text });
      }
      ids?.add(row.id);
      const values = rowValues(row);
      const text = isFenced()
        ? (link.call('save', ...values) ?? inline(history.saveFenced, values))
        : inline(history.save, [...values, row.token]);
      await transactions.write({ text });
    },

    compose({ row, line }) {
      const { held, aheadMs } = lock;
      if (held === null || row.token !== held.token || !isNew(row.id)) return null;
      const insert = insertAlike.whole(rowLater(row, aheadMs));
      if (insert === null) return null;
      return () => {
        if (lock.held !== held || tail?.token !== held.token) return null;
        const behind = Math.max(tail.end.seq, ...unsettled);
        const seq = behind + 1;
        const append = appendAlike.whole(lineLater(seq, line, { token: held.token, ahead: aheadMs }));
        if (append === null) return null;
        let hash: string | null = null;
        const heard = (answer: Answer): void => void (hash = valueOf(answer));
        unsettled.add(seq);
        return {
          behind,
          parts: [{ text: insert }, { text: append, heard }],
          record: recordOf(row),
          settled(stands) {
            unsettled.delete(seq);
            if (!stands) return;
            ids?.add(row.id);
            tail = hash === null ? null : { token: held.token, end: { seq, hash } };
          },
        };
      };
    },

    async append(line) {
      const { history } = await link.books();
      const token = await lock.token();
      const last = await lastEvent(token);
      tail = null;
      if (isLater()) {
        const values = lineLater(last.seq + 1, line, { token, ahead: lock.aheadMs });
        const text =
          (await appendAlike.call(values)) ??
          link.call('appendLater', ...values) ??
          inline(appendLaterSql(await link.books()), values);
        const heard = (answer: Answer): void => {
          tail = { token, end: { seq: last.seq + 1, hash: valueOf(answer) ?? '' } };
        };
        const record = about ?? undefined;
        about = null;
        return transactions.write({ text, heard }, record);
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
  };
}
