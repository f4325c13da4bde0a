import { DetentError, type ErrorFacts, type Statement } from '@detent/core';
import type { Connection } from './driver.ts';
import { failureOf, type Failure } from './errors.ts';
import { hintFor } from './hints.ts';
import { findPosition } from './position.ts';
import { ended } from './transaction.ts';

/**
 * Sends one statement and gives the rows it changed. Throws `STATEMENT_FAILED` with the place of the error as near as
 * SQLite tells it, and `TRANSACTION_ENDED` when the statement ended a transaction that was open before it.
 */
export function send(
  connection: Connection,
  statement: Statement,
  file: string,
  own: readonly string[],
): number | null {
  const wasOpen = connection.inTransaction;
  try {
    // Not a prepared statement: that one would drop what stands behind a semicolon without a word.
    connection.exec(statement.text);
  } catch (error) {
    const failure = failureOf(error);
    if (failure === null) throw error;
    throw statementFailed(connection, statement, file, failure, {
      undone: wasOpen && !connection.inTransaction,
      cause: error,
      own,
    });
  }
  if (wasOpen && !connection.inTransaction) throw ended(undefined, placeOf(statement, file, null));
  return statement.kind === 'data' ? Number(connection.value('SELECT changes()')) : null;
}

/** ATTACH opens any file that this user may open, so a script gets it only where the options say so. */
export function refuseAttach(statement: Statement, file: string): void {
  if (!'aAdD'.includes(statement.text.charAt(0)) || !/^(attach|detach)\b/i.test(statement.text)) return;
  throw new DetentError('STATEMENT_FAILED', 'ATTACH and DETACH are not allowed in migrations.', {
    hint: 'Set `allowAttach: true` in the options of sqlite(…) if other files belong to this database.',
    facts: placeOf(statement, file, null),
  });
}

function statementFailed(
  connection: Connection,
  statement: Statement,
  file: string,
  failure: Failure,
  { undone, cause, own }: { readonly undone: boolean; readonly cause: unknown; readonly own: readonly string[] },
): DetentError {
  const position = findPosition(connection, statement.text, failure.message);
  const busy = failure.primary === 'SQLITE_BUSY' || failure.primary === 'SQLITE_LOCKED';
  const hint = hintFor(connection, statement.text, failure, position, own);
  const undoneWords = undone ? ' SQLite has undone the whole transaction.' : '';
  return new DetentError(
    busy ? 'LOCK_TIMEOUT' : 'STATEMENT_FAILED',
    `SQLite refused the statement: ${failure.message.replace(/[^?]$/, '$&.')}${undoneWords}`,
    {
      hint: hint ?? 'Correct the statement, then run again.',
      facts: {
        ...placeOf(statement, file, position),
        ...(position === null ? {} : { position }),
        server: failure.message,
        serverCode: failure.code,
        ...(undone ? { transactionUndone: true } : {}),
      },
      cause,
    },
  );
}

function placeOf({ text, line, column }: Statement, file: string, position: number | null): ErrorFacts {
  const before = text.slice(0, position ?? 0).split('\n');
  const last = before.at(-1) ?? '';
  const place =
    before.length === 1
      ? { line, column: column + last.length }
      : { line: line + before.length - 1, column: last.length + 1 };
  return { place: { file, ...place }, statement: text };
}
