import { chainHash, LEDGER_START, type LedgerEvent } from '@detent/core';
import { checkColumns, eventValues, ledgerGone, rowValues } from '@detent/sql';
import { lockLost } from './errors.ts';
import { columnsSql, namesIn, type HistoryReader, type MysqlHistory } from './history.ts';
import type { Link } from './link.ts';
import { inline, literal, tuple } from './literal.ts';
import type { SessionLock } from './lock.ts';
import { createRowWrites, splitInsert } from './rows.ts';
import type { Transactions } from './transaction.ts';

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

/** What is written inside the session's transaction goes out, and is committed, with it. */
export function createHistory({ link, reader, lock, transactions }: HistorySettings): MysqlHistory {
  const rows = createRowWrites();
  /** Only the holder of the lock adds lines, so it knows the last without asking. */
  let tail: { readonly token: number; readonly end: Tail } | null = null;
  reader.onRead = (ids) => {
    if (lock.held !== null) rows.found(ids, lock.held.token);
  };

  /** The transaction finds the token as it begins, and keeps it. */
  const isFenced = (): boolean => transactions.isWorking && lock.held !== null;

  const lastEvent = async (token: number): Promise<Tail> => {
    if (lock.held !== null && tail?.token === token) return tail.end;
    await transactions.flush();
    const { history } = await link.books();
    const row = (await link.ask(history.lastEvent))[0]?.rows[0];
    return { seq: Number(row?.['seq'] ?? 0), hash: row?.['hash'] ?? LEDGER_START };
  };

  return {
    read: () => reader.read(),
    load: (id) => reader.load(id),
    events: (limit) => reader.events(limit),

    forget() {
      tail = null;
      rows.forget();
    },

    async init() {
      await link.prepare();
      const { history, createSchema } = await link.books();
      const { schemaExists } = await link.greeting();
      let steps: readonly string[] = [...(schemaExists ? [] : [createSchema]), ...history.create];
      if (await reader.exists()) {
        const [columns, lockRow] = await link.ask(await columnsSql(link), history.readLock);
        checkColumns(namesIn(columns), history.tableNames.history);
        const layout = lockRow?.rows[0]?.['layout'] ?? null;
        const hasLedger = await reader.hasEvents();
        if (!hasLedger) link.logger.warn(ledgerGone(history.tableNames.event));
        if (layout !== null) steps = [...(hasLedger ? [] : history.createLedger), ...history.upgrade(Number(layout))];
      }
      const fence = await lock.fence();
      if (steps.length > 0) await link.ask(...(fence === null ? [] : [fence]), ...steps);
      reader.made();
    },

    async save(row) {
      if (lock.held !== null && row.token !== lock.held.token)
        throw lockLost({ token: row.token, tokenNow: lock.held.token });
      const { history } = await link.books();
      if (isFenced()) return transactions.hold(rows.save(history, row));
      rows.forget();
      await transactions.write(inline(history.save, [...rowValues(row), row.token]));
    },

    async append(line) {
      const { history } = await link.books();
      const token = await lock.token();
      const last = await lastEvent(token);
      const event: LedgerEvent = {
        ...line,
        seq: last.seq + 1,
        previousHash: last.hash,
        hash: chainHash(last.hash, line),
      };
      tail = null;
      const values = eventValues(event);
      if (isFenced()) {
        const { into, after } = splitInsert(history.appendFenced);
        const proof = (): string =>
          `SELECT COUNT(*) FROM ${history.tables.event} WHERE seq = ${event.seq} AND hash = ${literal(event.hash)}`;
        transactions.hold({ text: into, row: { values: tuple(values), after }, proof });
      } else await transactions.write(inline(history.append, [...values, token]));
      tail = { token, end: { seq: event.seq, hash: event.hash } };
    },
  };
}
