import type { HistoryStore } from '@detent/core';
import {
  checkColumns,
  checkLayout,
  entriesOf,
  ENTRY_COLUMNS,
  EVENT_COLUMNS,
  ROW_COLUMNS,
  toEvent,
  toRow,
  type Column,
} from '@detent/sql';
import type { ClientSession, Document } from 'mongodb';
import { LOCK_ID, type Book } from './books.ts';
import type { Link } from './link.ts';

/** A server gives a hundred documents at first unless it is told, and a start is to cost one question. */
const AT_ONCE = 20_000;

/** Of each migration what every start reads, as a list, and whether its document has all that it should. */
const ENTRIES: Document = {
  _id: 0,
  entry: ENTRY_COLUMNS.map(({ name }) => `$${name}`),
  isWhole: { $and: ROW_COLUMNS.map(({ name }) => ({ $ne: [{ $type: `$${name}` }, 'missing'] })) },
};

/** The history as it is in its collections, in fields named like the columns elsewhere. */
export function historyReader(link: Link): Pick<HistoryStore, 'read' | 'load' | 'events'> {
  const { books } = link;
  const { history, event } = books;

  const isView = async (): Promise<boolean> => {
    const found = await link.db.listCollections({ name: history.collectionName }, { nameOnly: true }).toArray();
    return found[0]?.type === 'view';
  };

  return {
    read: () =>
      link.ask(async () => {
        const found = await history
          .aggregate(
            [
              { $project: ENTRIES },
              {
                $unionWith: {
                  coll: books.lock.collectionName,
                  pipeline: [{ $match: { _id: LOCK_ID } }, { $project: { _id: 0, layout: 1 } }],
                },
              },
            ],
            { batchSize: AT_ONCE },
          )
          .toArray();
        const rows = found.filter((document) => 'entry' in document);
        const layout = found.find((document) => 'layout' in document)?.['layout'] ?? null;
        if (rows.length === 0 && layout === null) {
          if (await isView()) checkColumns(['_id'], history.collectionName);
          return { exists: false, entries: [] };
        }
        if (!rows.every(({ isWhole }) => isWhole === true)) {
          const foreign = await history.findOne({
            $or: ROW_COLUMNS.map(({ name }) => ({ [name]: { $exists: false } })),
          });
          if (foreign !== null) refuseForeign(link, foreign);
        }
        checkLayout(layout, history.collectionName);
        return { exists: true, entries: entriesOf(rows.map(({ entry }) => entry as readonly unknown[])) };
      }),

    load: (id) =>
      link.ask(async () => {
        const found = await history.findOne({ _id: id }, inSession(link));
        if (found === null) return null;
        refuseForeign(link, found);
        return toRow(pick(found, ROW_COLUMNS));
      }),

    events: (limit) =>
      link.ask(async () => {
        const newest = event.find({}, { sort: { _id: -1 }, batchSize: AT_ONCE, ...inSession(link) });
        const found = await (limit === null ? newest : newest.limit(limit)).toArray();
        return found.map((document) => toEvent(pick(document, EVENT_COLUMNS))).toReversed();
      }),
  };
}

/** What is read and written while a transaction is open is part of it. */
export function inSession({ inTransaction }: Link): { readonly session?: ClientSession } {
  return inTransaction === null ? {} : { session: inTransaction };
}

/** Throws `HISTORY_FOREIGN` for a document that is none of Detent's. */
export function refuseForeign({ books }: Link, document: Book): void {
  checkColumns(
    Object.keys(document).filter((name) => name !== '_id'),
    books.history.collectionName,
  );
}

function pick(document: Document, columns: readonly Column[]): Record<string, unknown> {
  return Object.fromEntries(columns.map(({ name }) => [name, document[name] as unknown]));
}
