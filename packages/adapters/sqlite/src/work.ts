import { backupWhenNeeded, type Statement, type StatementResult, type WorkingSession } from '@detent/core';
import { createBatches } from './batches.ts';
import type { Bookkeeping } from './bookkeeping.ts';
import { patiently } from './busy.ts';
import type { Connection } from './driver.ts';
import { translate } from './errors.ts';
import { schemaFingerprint } from './fingerprint.ts';
import { createHistory } from './history-writer.ts';
import { createLock } from './lock.ts';
import type { SessionSettings } from './session.ts';
import { readSettings, restoreSettings, type Settings } from './settings.ts';
import { refuseAttach, send } from './statement.ts';
import { ended, inTransaction } from './transaction.ts';

/** What a session does once there is something to do. */
export function createWork(
  { link, options, patience, allowAttach, batchCommits }: SessionSettings,
  books: Bookkeeping,
): WorkingSession {
  const lock = createLock({ link, sql: books.lock, patience, batchCommits });
  const { logger } = options;
  const history = createHistory({ link, books, lock, patience, logger, isWorking: () => working });
  const backup = backupWhenNeeded(async () =>
    (await import('./backup.ts')).createBackup({ link, books, lock, patience, logger }),
  );
  const { path } = link;
  const { limitMs } = patience;
  let working = false;
  let settings: Settings | null = null;

  /** Once, before anything runs that may change them. */
  const remember = (connection: Connection): void => {
    settings ??= readSettings(connection);
  };
  const looking = async <T>(look: (connection: Connection) => T): Promise<T> => {
    try {
      return await patiently(async () => look(await link.reading()), patience);
    } catch (error) {
      throw translate(error, path);
    }
  };
  const executeOne = async (statement: Statement, file: string): Promise<number | null> => {
    if (!allowAttach) refuseAttach(statement, file);
    const connection = await link.writing();
    if (leavesTraces(statement)) remember(connection);
    if (connection.inTransaction) return send(connection, statement, file, books.own);
    // SQLite undid the transaction by itself, and whoever called did not notice.
    if (working) throw ended();
    lock.fence(connection);
    return patiently(() => send(connection, statement, file, books.own), patience);
  };

  const fingerprint = (): Promise<string> => looking((connection) => schemaFingerprint(connection, books.own));

  return {
    history,
    lock,
    backup,
    batches: createBatches(link, patience),

    async transaction(scope, work) {
      const connection = await link.writing();
      if (scope.statements === null) remember(connection);
      const fence = (): void => lock.fence(connection);
      try {
        return await inTransaction({ connection, patience, logger, fence }, scope, async () => {
          working = true;
          try {
            return await work();
          } finally {
            working = false;
          }
        });
      } catch (error) {
        history.forget();
        throw error;
      }
    },

    async execute(statements, file, progress) {
      const results: StatementResult[] = [];
      for (const [index, statement] of statements.entries()) {
        progress?.signal.throwIfAborted();
        const result = { rows: await executeOne(statement, file) };
        results.push(result);
        progress?.done(index, result);
      }
      return results;
    },

    // SQLite cannot be told to give up a statement that runs too long.
    async limit({ lockMs }) {
      if (lockMs !== null) patience.limitMs = lockMs;
    },

    async reset() {
      patience.limitMs = limitMs;
      const connection = await link.reading();
      if (connection.inTransaction) {
        connection.exec('ROLLBACK');
        logger.warn('A transaction that the migration left open was rolled back.');
      }
      if (settings !== null) restoreSettings(connection, settings);
      settings = null;
    },

    fingerprint,

    covered: async ({ length }) => length,

    async trace() {
      return { kind: 'schema', fingerprint: await fingerprint(), scope: null, after: null };
    },

    close: () => lock.close(),
  };
}

/** Beyond the schema and the rows: settings, or tables that only this connection sees. */
function leavesTraces({ kind, text }: Statement): boolean {
  return kind === 'session' || kind === 'transaction' || /^create\s+temp/i.test(text);
}
