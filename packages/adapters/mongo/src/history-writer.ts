import { chainHash, LEDGER_START, type HistoryRow, type HistoryStore, type LedgerEvent } from '@detent/core';
import {
  checkLayout,
  EVENT_COLUMNS,
  eventValues,
  LAYOUT,
  ledgerGone,
  ROW_COLUMNS,
  rowValues,
  type Column,
  type ColumnValue,
} from '@detent/sql';
import { LOCK_ID, type Book } from './books.ts';
import { awaitIndexBuilds } from './builds.ts';
import { CODE, failureOf, lockLost } from './errors.ts';
import { inSession, refuseForeign } from './history.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { finishSwap } from './swap.ts';
import type { RunTransaction } from './transaction.ts';

export type HistoryWriter = Pick<HistoryStore, 'init' | 'save' | 'append'>;

/** The end of the ledger, and the token of who put it there: while that holds the lock, nobody else writes. */
interface Tail {
  readonly token: number;
  readonly seq: number;
  readonly hash: string;
}

/** What is written inside a transaction is committed with it. */
export function createHistory(link: Link, lock: SessionLock, transaction: RunTransaction): HistoryWriter {
  const { books } = link;
  const { history, event } = books;
  let tail: Tail | null = null;
  link.undone.hear(() => (tail = null));

  /** In the transaction that is open, or in a short one. */
  const write = async (work: () => Promise<void>): Promise<void> => {
    link.mayWrite();
    if (link.inTransaction !== null) return work();
    await transaction({ statements: [] }, work);
  };

  const endOfLedger = async (): Promise<Omit<Tail, 'token'>> => {
    if (tail !== null && tail.token === lock.heldToken()) return tail;
    const newest = await event.findOne({}, { sort: { _id: -1 }, ...inSession(link) });
    return newest === null
      ? { seq: 0, hash: LEDGER_START }
      : { seq: Number(newest['seq']), hash: String(newest['hash']) };
  };

  return {
    async init(signal) {
      link.mayWrite();
      await link.ask(async () => {
        await finishSwap(link);
        const state = await books.lock.findOne({ _id: LOCK_ID }, { projection: { layout: 1 } });
        const layout: unknown = state?.['layout'] ?? null;
        checkLayout(layout, history.collectionName);
        if (layout !== null) {
          await mendLedger(link);
          return awaitIndexBuilds(link, signal);
        }
        const first = await history.findOne({});
        if (first !== null) refuseForeign(link, first);
        for (const { collectionName } of [event, history]) await create(link, collectionName);
        await books.lock.updateOne({ _id: LOCK_ID }, { $set: { layout: LAYOUT } });
      });
    },

    async save(row) {
      await write(async () => {
        const token = lock.heldToken() ?? (await lock.token());
        if (row.token !== token) throw lockLost({ token: row.token, tokenNow: token });
        const document = documentOf(row);
        await link.ask(() => history.replaceOne({ _id: row.id }, document, { upsert: true, ...inSession(link) }));
      });
    },

    async append(line) {
      await write(() =>
        link.ask(async () => {
          const { seq: before, hash: previousHash } = await endOfLedger();
          const seq = before + 1;
          const next: LedgerEvent = { ...line, seq, previousHash, hash: chainHash(previousHash, line) };
          tail = null;
          await event.insertOne({ _id: seq, ...zip(EVENT_COLUMNS, eventValues(next)) }, inSession(link));
          const token = lock.heldToken();
          if (token !== null) tail = { token, seq, hash: next.hash };
        }),
      );
    },
  };
}

async function mendLedger(link: Link): Promise<void> {
  const name = link.books.event.collectionName;
  const [found] = await link.db.listCollections({ name }, { nameOnly: true }).toArray();
  if (found !== undefined) return;
  link.logger.warn(ledgerGone(name));
  await create(link, name);
}

/** Where a majority has made it already, there is nothing to do. */
async function create({ db }: Link, name: string): Promise<void> {
  try {
    await db.createCollection(name);
  } catch (error) {
    if (failureOf(error)?.code !== CODE.namespaceExists) throw error;
  }
}

function documentOf(row: HistoryRow): Book {
  return { _id: row.id, ...zip(ROW_COLUMNS, rowValues(row)) };
}

function zip(columns: readonly Column[], values: readonly ColumnValue[]): Record<string, ColumnValue> {
  return Object.fromEntries(columns.map(({ name }, index) => [name, values[index] ?? null]));
}
