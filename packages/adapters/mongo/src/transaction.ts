import { randomUUID } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type TransactionScope } from '@detent/core';
import { lockLost, translate } from './errors.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';

/** A cluster has a new primary within this time, mostly. */
const ELECTION_MS = 15_000;

const TRANSIENT = 'TransientTransactionError';
const COMMIT_UNKNOWN = 'UnknownTransactionCommitResult';

export type RunTransaction = <T>(scope: TransactionScope, work: () => Promise<T>) => Promise<T>;

/**
 * Transactions by the driver's own rules: what the server calls transient begins anew, and a commit without an answer is
 * sent again. Each finds the lock's token as it begins, and so stands or falls with the lock.
 */
export function createTransactions(link: Link, lock: SessionLock): RunTransaction {
  const withoutTransaction = async <T>(work: () => Promise<T>): Promise<T> => {
    const token = lock.heldToken();
    if (token !== null && (await lock.token()) !== token) throw lockLost({ token });
    return work();
  };

  return async (_scope, work) => {
    link.mayWrite();
    link.check();
    if (link.inTransaction !== null)
      throw new DetentError('INTERNAL', 'A transaction was begun inside another one.', {});
    if (!link.hasTransactions) return withoutTransaction(work);
    const session = link.session();
    const mark = randomUUID();
    // The result of the try that was committed.
    let result: { readonly value: Awaited<ReturnType<typeof work>> } | null = null;
    let thrown: { readonly error: unknown } | null = null;
    let tries = 0;
    const once = async (): Promise<void> => {
      if (tries++ > 0) link.undone.tell();
      thrown = null;
      link.inTransaction = session;
      try {
        await lock.fence(session, mark);
        result = { value: await work() };
      } catch (error) {
        thrown = { error };
        // A migration's error hides the server's, which says whether to begin anew.
        throw serverErrorIn(error) ?? error;
      } finally {
        link.inTransaction = null;
      }
    };
    try {
      await session.withTransaction(once, {
        readConcern: { level: 'snapshot' },
        writeConcern: { w: 'majority' },
        readPreference: 'primary',
      });
    } catch (error) {
      link.undone.tell();
      if (link.isLost) throw lockLost();
      if (thrown !== null) throw (thrown as { readonly error: unknown }).error;
      if (!hasLabel(error, COMMIT_UNKNOWN)) throw translate(error, link.target);
      if (lock.heldToken() === null || !(await isCommitted(mark))) throw commitUnknown(link.target, error);
    }
    if (result === null) throw new DetentError('INTERNAL', 'A transaction ended without its work.', {});
    return (result as { readonly value: Awaited<ReturnType<typeof work>> }).value;
  };

  async function isCommitted(mark: string): Promise<boolean> {
    for (const end = Date.now() + ELECTION_MS; ; await sleep(500)) {
      const last = await lock.lastMark().catch(() => null);
      if (last !== null || Date.now() > end) return last === mark;
    }
  }
}

function commitUnknown(target: string, cause: unknown): DetentError {
  return new DetentError('CONNECTION', `${target} did not say whether it committed the transaction.`, {
    hint: 'Run again: the next start finds out from the history.',
    facts: { commit: 'unknown' },
    cause,
  });
}

/** An error of the server below one of ours that says what it means for the transaction. */
function serverErrorIn(error: unknown): Error | null {
  for (let inner = error; inner instanceof Error; inner = inner.cause) {
    if (hasLabel(inner, TRANSIENT)) return inner;
  }
  return null;
}

function hasLabel(error: unknown, label: string): boolean {
  if (!(error instanceof Error) || !('hasErrorLabel' in error) || typeof error.hasErrorLabel !== 'function')
    return false;
  return (error.hasErrorLabel as (name: string) => boolean)(label);
}
