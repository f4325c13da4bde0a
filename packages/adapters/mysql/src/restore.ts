import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type HistoryStore, type Manifest } from '@detent/core';
import { contentHash } from '@detent/core/backup';
import { mariadb, quoteIdent } from '@detent/sql';
import { tablesOf } from './data-tables.ts';
import { schemaFingerprint } from './fingerprint.ts';
import type { MysqlHistory } from './history.ts';
import { by, type Link } from './link.ts';
import { literal } from './literal.ts';
import type { SessionLock } from './lock.ts';
import type { Method } from './method.ts';
import { programsOf } from './programs.ts';
import { dropPrograms, makePrograms } from './rebuild.ts';
import { dropScratch, loadShadow, scratchOf, type Scratch } from './shadow.ts';
import { FIXED_TEXT, sumsIn } from './sums.ts';
import { swapTables } from './swap.ts';
import type { Transactions } from './transaction.ts';
import { valueOf, type Wire } from './wire.ts';

export interface RestoreSettings {
  readonly link: Link;
  /** That made the backup. */
  readonly method: Method;
  readonly lock: SessionLock;
  readonly transactions: Transactions;
  readonly history: MysqlHistory;
  /** The connection that does the long part; the session's own where there is no other. */
  readonly worker: Wire;
  readonly lockMs: number;
  /** Called when nobody else can write any more, before anything is changed. */
  readonly whenLocked: () => Promise<void>;
  /** Whether somebody wrote after all into the tables that are now in the database of that name. */
  readonly wroteInto: (retired: string) => Promise<boolean>;
}

/** How often the tables are asked for again that others have locked. */
const TRIES = 2;

/**
 * No transaction covers this, so it is a way that can be begun anew at any point. The tables are made and compared aside; then
 * the history says that a restore is under way; one statement puts them in the place of the live ones; views, routines, triggers
 * and events are made again; last of all, one transaction puts the history back with the record of the restore. A start that
 * finds the history in between does all of it again.
 */
export async function restoreAside(
  settings: RestoreSettings,
  manifest: Manifest,
  record: (history: HistoryStore) => Promise<void>,
): Promise<void> {
  const { link, method, lock, transactions, history, worker, lockMs, whenLocked, wroteInto } = settings;
  const books = await link.books();
  const scratch = scratchOf(books);
  const guard = worker === link.wire ? null : worker;
  const { contents, books: lines } = await loadShadow(by(link, worker), scratch, method, manifest);
  await history.init();
  link.traces = true;
  await link.ask(`USE ${quoteIdent(mariadb, books.schema)}`, FIXED_TEXT);
  const live = await programsOf(link);
  const onLocked = async (): Promise<void> => {
    await whenLocked();
    await markBegun(settings, manifest);
    await dropPrograms(link, live, contents, 'views');
  };
  for (let tries = 1; ; tries += 1) {
    try {
      await swapTables({ link, lock, guard, scratch, contents, lockMs, onLocked });
      break;
    } catch (error) {
      const isLocked = error instanceof DetentError && error.code === 'LOCK_TIMEOUT';
      if (!isLocked || tries > TRIES) throw error;
      await sleep(500 * tries);
    }
  }
  // Locked tables keep locked what their triggers call.
  await dropPrograms(link, live, contents, 'others');
  const kept = (await wroteInto(scratch.retired)) ? await keepRetired(link, scratch) : null;
  await makePrograms(link, contents);
  if ((await schemaFingerprint(link)) !== manifest.fingerprint)
    throw new Error('the restored schema is not the one in the manifest');
  await link.restore();
  await transactions.run({ statements: [] }, async () => {
    const { tables } = books.history;
    const proof = (): string => `SELECT COUNT(*) = 0 FROM ${tables.history} WHERE state = 'restoring'`;
    for (const text of [`DELETE FROM ${tables.event}`, `DELETE FROM ${tables.history}`, ...lines])
      transactions.hold({ text, row: null, proof });
    history.forget();
    await record(history);
  });
  if (kept !== null)
    link.logger.warn(
      `Others wrote while the tables were being exchanged; what they wrote is kept in the database ${kept}.`,
    );
  await dropScratch(by(link, worker), scratch);
  await link.restore();
}

/** A restore that a run decided on has said so; one that a person asked for says it here, in the newest row. */
async function markBegun(settings: RestoreSettings, manifest: Manifest): Promise<void> {
  const { link, transactions, history, worker } = settings;
  const books = await link.books();
  const { entries } = await history.read();
  const newest = entries.toSorted((a, b) => a.appliedOrder - b.appliedOrder).at(-1);
  if (newest === undefined || entries.some(({ state }) => state === 'restoring')) return;
  const [owner] = await link.ask(`SELECT run_id, username FROM ${books.history.tables.lock} WHERE id = 1`);
  const runId = valueOf(owner) ?? '';
  const detail = {
    strategy: 'backup',
    backup: manifest.path,
    fingerprint: manifest.fingerprint,
    content: contentHash(await sumsIn(worker, books.schema, await tablesOf(link))),
    restored: contentHash(manifest.objects),
  };
  await transactions.run({ statements: [] }, async () => {
    const row = `WHERE id = ${literal(newest.id)}`;
    transactions.hold({
      text: `UPDATE ${books.history.tables.history} SET state = 'restoring', run_id = ${literal(runId)} ${row}`,
      row: null,
      proof: () => `SELECT COUNT(*) FROM ${books.history.tables.history} ${row} AND state = 'restoring'`,
    });
    await history.append({
      at: Date.now(),
      runId,
      actor: owner?.rows[0]?.['username'] ?? '',
      action: 'rollback-started',
      id: null,
      detail: JSON.stringify(detail),
    });
  });
}

/** Moves the replaced tables where no later restore takes them away. Gives the database. */
async function keepRetired(link: Link, { retired }: Scratch): Promise<string> {
  const kept = `${retired.slice(0, 50)}_${Date.now().toString(36)}`;
  const books = await link.books();
  const tables = await tablesOf({ ...link, books: async () => ({ ...books, schema: retired }) });
  const moves = tables.map(({ name }) => `${quoteIdent(mariadb, retired, name)} TO ${quoteIdent(mariadb, kept, name)}`);
  await link.ask(`CREATE DATABASE ${quoteIdent(mariadb, kept)}`);
  if (moves.length > 0) await link.ask(`RENAME TABLE ${moves.join(', ')}`);
  return kept;
}
