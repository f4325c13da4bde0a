import { chainHash, LEDGER_START, type HistoryRow, type HistoryStore, type LedgerEvent } from '@detent/core';
import {
  checkColumns,
  checkLayout,
  ENTRY_COLUMNS,
  EVENT_COLUMNS,
  eventValues,
  LAYOUT,
  ROW_COLUMNS,
  rowValues,
  toEntry,
  toEvent,
  toRow,
  type Column,
  type ColumnValue,
} from '@detent/sql';
import type { ClientSession, Document } from 'mongodb';
import type { Book } from './books.ts';
import { awaitIndexBuilds } from './builds.ts';
import { CODE, failureOf, lockLost } from './errors.ts';
import { LOCK_ID } from './holder.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { finishSwap } from './swap.ts';
import type { RunTransaction } from './transaction.ts';

/** A server gives a hundred documents at first unless it is told, and a start is to cost one question. */
const AT_ONCE = 20_000;

/** The history in its collections, in fields named like the columns elsewhere. What is written inside a transaction is committed with it. */
export function createHistory(link: Link, lock: SessionLock, transaction: RunTransaction): HistoryStore {
  const { books } = link;
  const { history, event } = books;

  const inSession = (): { readonly session?: ClientSession } =>
    link.inTransaction === null ? {} : { session: link.inTransaction };

  /** In the transaction that is open, or in a short one. */
  const write = async (work: () => Promise<void>): Promise<void> => {
    link.mayWrite();
    if (link.inTransaction !== null) return work();
    await transaction({ statements: [] }, work);
  };

  const refuseForeign = (found: readonly Document[]): void => {
    for (const document of found) checkColumns(fieldsOf(document), history.collectionName);
  };

  const isView = async (): Promise<boolean> => {
    const found = await link.db.listCollections({ name: history.collectionName }, { nameOnly: true }).toArray();
    return found[0]?.type === 'view';
  };

  return {
    read: () =>
      link.ask(async () => {
        const projection = Object.fromEntries(ROW_COLUMNS.map(({ name }) => [name, 1]));
        const found = await history
          .aggregate(
            [
              // Long texts stay where they are; that they are there is enough.
              { $addFields: { down_source: null, error: null, result: null } },
              { $project: projection },
              {
                $unionWith: {
                  coll: books.lock.collectionName,
                  pipeline: [{ $match: { _id: LOCK_ID } }, { $project: { layout: 1 } }],
                },
              },
            ],
            { batchSize: AT_ONCE },
          )
          .toArray();
        const layout = found.find(isLock)?.['layout'] ?? null;
        const rows = found.filter((document) => !isLock(document));
        if (rows.length === 0 && layout === null) {
          if (await isView()) checkColumns(['_id'], history.collectionName);
          return { exists: false, entries: [] };
        }
        refuseForeign(rows);
        checkLayout(layout, history.collectionName);
        const entries = rows.map((row) => toEntry(pick(row, ENTRY_COLUMNS)));
        return { exists: true, entries: entries.toSorted((a, b) => a.appliedOrder - b.appliedOrder) };
      }),

    load: (id) =>
      link.ask(async () => {
        const found = await history.findOne({ _id: id }, inSession());
        if (found === null) return null;
        refuseForeign([found]);
        return toRow(pick(found, ROW_COLUMNS));
      }),

    async init(signal) {
      link.mayWrite();
      await link.ask(async () => {
        await finishSwap(link);
        const state = await books.lock.findOne({ _id: LOCK_ID }, { projection: { layout: 1 } });
        const layout: unknown = state?.['layout'] ?? null;
        checkLayout(layout, history.collectionName);
        if (layout !== null) return awaitIndexBuilds(link, signal);
        const first = await history.findOne({});
        if (first !== null) refuseForeign([first]);
        for (const { collectionName } of [event, history]) await create(link, collectionName);
        await books.lock.updateOne({ _id: LOCK_ID }, { $set: { layout: LAYOUT } });
      });
    },

    async save(row) {
      await write(async () => {
        const token = lock.heldToken() ?? (await lock.token());
        if (row.token !== token) throw lockLost({ token: row.token, tokenNow: token });
        const document = documentOf(row);
        await link.ask(() => history.replaceOne({ _id: row.id }, document, { upsert: true, ...inSession() }));
      });
    },

    async append(line) {
      await write(() =>
        link.ask(async () => {
          const newest = await event.findOne({}, { sort: { _id: -1 }, ...inSession() });
          const previousHash = newest === null ? LEDGER_START : String(newest['hash']);
          const seq = newest === null ? 1 : Number(newest['seq']) + 1;
          const next: LedgerEvent = { ...line, seq, previousHash, hash: chainHash(previousHash, line) };
          await event.insertOne({ _id: seq, ...zip(EVENT_COLUMNS, eventValues(next)) }, inSession());
        }),
      );
    },

    events: (limit) =>
      link.ask(async () => {
        const newest = event.find({}, { sort: { _id: -1 }, batchSize: AT_ONCE, ...inSession() });
        const found = await (limit === null ? newest : newest.limit(limit)).toArray();
        return found.map((document) => toEvent(pick(document, EVENT_COLUMNS))).toReversed();
      }),
  };
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

function pick(document: Document, columns: readonly Column[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ name }) => [name, document[name] as unknown]));
}

function fieldsOf(document: Document): readonly string[] {
  return Object.keys(document).filter((name) => name !== '_id');
}

function isLock({ _id: id }: Document): boolean {
  return id === LOCK_ID;
}
