import { DetentError, type ErrorFacts, type Logger, type TransactionScope } from '@detent/core';
import { rebuildsTable, sqlite } from '@detent/sql';
import { patiently, type Patience } from './busy.ts';
import type { Connection } from './driver.ts';
import { failureOf, translate } from './errors.ts';
import { findViolations, refuseNew } from './foreign-keys.ts';
import { belongings, lostInRebuild } from './rebuild.ts';

export interface TransactionSettings {
  readonly connection: Connection;
  readonly patience: Patience;
  readonly logger: Logger;
  /** Throws `LOCK_LOST`; called when nobody else can write any more. */
  readonly fence: () => void;
}

/**
 * BEGIN IMMEDIATE … COMMIT around `work`. It takes SQLite's one write lock at once: a transaction that first reads and
 * then writes can find that it may not, and no busy timeout helps it.
 */
export async function inTransaction<T>(
  settings: TransactionSettings,
  scope: TransactionScope,
  work: () => Promise<T>,
): Promise<T> {
  const { connection, patience, logger, fence } = settings;
  const rebuild = scope.statements !== null && scope.statements.some((statement) => rebuildsTable(statement, sqlite));
  const suspend = suspendsForeignKeys(scope, rebuild) && connection.value('PRAGMA foreign_keys') === 1;
  // Inside a transaction this pragma does nothing, and dropping a parent would then take its children along.
  if (suspend) connection.exec('PRAGMA foreign_keys = OFF');
  try {
    await begin(connection, patience);
    try {
      fence();
      const violations = suspend ? findViolations(connection) : null;
      const dependents = rebuild ? belongings(connection) : null;
      if (scope.statements === null) connection.exec(`SAVEPOINT ${MARK}`);
      const result = await work();
      if (!connection.inTransaction) throw ended();
      if (scope.statements === null) releaseMark(connection);
      if (violations !== null) refuseNew(violations, findViolations(connection));
      if (dependents !== null) {
        const texts = (scope.statements ?? []).map(({ text }) => text);
        for (const warning of lostInRebuild(connection, dependents, texts)) logger.warn(warning);
      }
      await commit(connection, patience);
      return result;
    } catch (error) {
      rollBack(connection, logger);
      throw error;
    }
  } finally {
    if (suspend) connection.exec('PRAGMA foreign_keys = ON');
  }
}

/** A short transaction of Detent's own. */
export async function inShortTransaction<T>(connection: Connection, patience: Patience, work: () => T): Promise<T> {
  await begin(connection, patience);
  try {
    const result = work();
    await commit(connection, patience);
    return result;
  } catch (error) {
    if (connection.inTransaction) connection.exec('ROLLBACK');
    throw translate(error, connection.path);
  }
}

/** A name set at the start of code: it is gone when the code ended the transaction, even when it began another. */
const MARK = 'detent_work';

function suspendsForeignKeys(scope: TransactionScope, rebuild: boolean): boolean {
  if (scope.foreignKeys !== undefined) return !scope.foreignKeys;
  return scope.statements === null || rebuild;
}

async function begin(connection: Connection, patience: Patience): Promise<void> {
  if (connection.inTransaction) {
    throw new DetentError('TRANSACTION_ENDED', 'A transaction that Detent did not begin is open on its connection.', {
      hint: 'End it with COMMIT or ROLLBACK in the migration that began it, and share the connection with nobody.',
    });
  }
  try {
    await patiently(() => connection.exec('BEGIN IMMEDIATE'), patience);
  } catch (error) {
    throw translate(error, connection.path);
  }
}

async function commit(connection: Connection, patience: Patience): Promise<void> {
  try {
    await patiently(() => connection.exec('COMMIT'), patience);
  } catch (error) {
    if (failureOf(error)?.code === 'SQLITE_CONSTRAINT_FOREIGNKEY')
      refuseNew(new Map(), findViolations(connection), error);
    throw translate(error, connection.path);
  }
}

/** Never throws: the error that led here must stay the first. */
function rollBack(connection: Connection, logger: Logger): void {
  try {
    if (connection.inTransaction) connection.exec('ROLLBACK');
  } catch (error) {
    logger.error(
      `The transaction could not be rolled back: ${error instanceof Error ? error.message : String(error)}.`,
    );
  }
}

function releaseMark(connection: Connection): void {
  try {
    connection.exec(`RELEASE ${MARK}`);
  } catch (cause) {
    throw ended(cause);
  }
}

export function ended(cause?: unknown, facts: ErrorFacts = {}): DetentError {
  return new DetentError(
    'TRANSACTION_ENDED',
    'The migration ended the transaction that Detent had begun, so a part of it may stand.',
    {
      hint: "Take COMMIT, END and ROLLBACK out of it, or give it `transaction: 'none'` and let it keep its own.",
      facts,
      cause,
    },
  );
}
