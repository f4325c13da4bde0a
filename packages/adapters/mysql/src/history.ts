import { chainHash, LEDGER_START, type HistoryStore, type LedgerEvent } from '@detent/core';
import {
  checkColumns,
  checkLayout,
  ENTRY_COLUMNS,
  eventValues,
  mariadb,
  quoteIdent,
  rowValues,
  toEntry,
  toEvent,
  toRow,
} from '@detent/sql';
import { lockLost, translate } from './errors.ts';
import type { Link } from './link.ts';
import { inline, literal, tuple } from './literal.ts';
import type { SessionLock } from './lock.ts';
import type { Transactions } from './transaction.ts';
import { createRowWrites, splitInsert } from './rows.ts';
import { isRefused, Refused, valueOf, type Answer, type TextRow } from './wire.ts';

const NO_TABLE = 1146;
const NO_COLUMN = 1054;
const NO_DATABASE = 1049;

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

export interface MysqlHistory extends HistoryStore {
  /** What was written went away with its transaction. */
  forget(): void;
}

/** The history in its tables. What is written inside the session's transaction goes out, and is committed, with it. */
export function createHistory({ link, lock, transactions }: HistorySettings): MysqlHistory {
  /** Known to be there; a table is not taken away while a session looks. */
  let exists = false;
  let hasEvents = false;
  const rows = createRowWrites();
  /** Only the holder of the lock adds lines, so it knows the last without asking. */
  let tail: { readonly token: number; readonly end: Tail } | null = null;

  /** The transaction finds the token as it begins, and keeps it. */
  const isFenced = (): boolean => transactions.isWorking && lock.held !== null;

  const isThere = async (name: string): Promise<boolean> => {
    const { schema } = await link.books();
    const [answer] = await link.ask(
      `SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(name)}`,
    );
    return valueOf(answer) !== '0';
  };

  /** The entries, with the greeting in front where it is not known yet; `null` where there is no history. */
  const readRows = async (): Promise<readonly TextRow[] | null> => {
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
    try {
      const answers = await link.wire.run(link.greetingText, readBare(table, schema));
      const { greeting } = link.greeted(answers[0]);
      exists = greeting.tables.history;
      return exists ? (answers[1]?.rows ?? []) : null;
    } catch (error) {
      if (!(error instanceof Refused) || error.failure.kind === 'lost' || error.answers.length === 0)
        throw translate(error, link.target);
      const { greeting } = link.greeted(error.answers[0]);
      exists = greeting.tables.history;
      return exists ? readBy() : null;
    }
  };

  const readBy = async (): Promise<readonly TextRow[]> => {
    const { history } = await link.books();
    try {
      return (await link.wire.run(history.read))[0]?.rows ?? [];
    } catch (error) {
      if (!isRefused(error, NO_TABLE, NO_COLUMN, NO_DATABASE)) throw translate(error, link.target);
      checkColumns(namesIn((await link.ask(await columnsSql(link)))[0]), history.tableNames.history);
      // Only the lock's table is gone; the next run makes it again.
      return (await link.ask(readEntries(history.tables.history)))[0]?.rows ?? [];
    }
  };

  const lastEvent = async (token: number): Promise<Tail> => {
    if (lock.held !== null && tail?.token === token) return tail.end;
    await transactions.flush();
    const { history } = await link.books();
    const row = (await link.ask(history.lastEvent))[0]?.rows[0];
    return { seq: Number(row?.['seq'] ?? 0), hash: row?.['hash'] ?? LEDGER_START };
  };

  return {
    forget() {
      tail = null;
      rows.forget();
    },

    async read() {
      await transactions.flush();
      const found = await readRows();
      if (found === null) return { exists: false, entries: [] };
      checkLayout(found[0]?.['layout'], link.options.table);
      const entries = found.map(toEntry);
      if (lock.held !== null)
        rows.found(
          entries.map(({ id }) => id),
          lock.held.token,
        );
      return { exists: true, entries };
    },

    async load(id) {
      await transactions.flush();
      const { history } = await link.books();
      exists ||= link.known()?.tables.history ?? false;
      if (!exists && (await readRows()) === null) return null;
      const row = (await link.ask(inline(history.load, [id])))[0]?.rows[0];
      return row === undefined ? null : toRow(row);
    },

    async init() {
      await link.prepare();
      const { history, createSchema } = await link.books();
      const { schemaExists } = await link.greeting();
      exists ||= await isThere(history.tableNames.history);
      let steps: readonly string[] = [...(schemaExists ? [] : [createSchema]), ...history.create];
      if (exists) {
        const [columns, lockRow] = await link.ask(await columnsSql(link), history.readLock);
        checkColumns(namesIn(columns), history.tableNames.history);
        const layout = lockRow?.rows[0]?.['layout'] ?? null;
        if (layout !== null) steps = history.upgrade(Number(layout));
      }
      const fence = await lock.fence();
      if (steps.length > 0) await link.ask(...(fence === null ? [] : [fence]), ...steps);
      exists = true;
      hasEvents = true;
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

    async events(limit) {
      await transactions.flush();
      const { history } = await link.books();
      hasEvents ||= link.known()?.tables.event ?? false;
      hasEvents ||= await isThere(history.tableNames.event);
      if (!hasEvents) return [];
      const text = limit === null ? history.events.replace(/ LIMIT \?$/, '') : inline(history.events, [limit]);
      return ((await link.ask(text))[0]?.rows ?? []).map(toEvent).toReversed();
    },
  };
}

async function columnsSql(link: Link): Promise<string> {
  const { schema, history } = await link.books();
  return (
    'SELECT COLUMN_NAME AS name FROM information_schema.COLUMNS ' +
    `WHERE TABLE_SCHEMA = ${literal(schema)} AND TABLE_NAME = ${literal(history.tableNames.history)} ORDER BY ORDINAL_POSITION`
  );
}

function namesIn(answer: Answer | undefined): readonly string[] {
  return (answer?.rows ?? []).map(({ name }) => name ?? '');
}

function readBare(table: string, schema: string | null): string {
  const name = (bare: string): string =>
    schema === null ? quoteIdent(mariadb, bare) : quoteIdent(mariadb, schema, bare);
  const columns = ENTRY_COLUMNS.map(({ name: column }) => `h.${quoteIdent(mariadb, column)}`).join(', ');
  return `SELECT ${columns}, l.layout FROM ${name(table)} h LEFT JOIN ${name(`${table}_lock`)} l ON l.id = 1 ORDER BY h.applied_order`;
}

function readEntries(table: string): string {
  return `SELECT ${ENTRY_COLUMNS.map(({ name }) => quoteIdent(mariadb, name)).join(', ')} FROM ${table} ORDER BY applied_order`;
}
