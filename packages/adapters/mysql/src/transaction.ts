import { DetentError, type Statement, type TransactionScope } from '@detent/core';
import type { Ahead } from './ahead.ts';
import { createSendAtOnce, mayGoAtOnce } from './at-once.ts';
import { detailOf } from './detail.ts';
import {
  commitUnknown,
  ended,
  lockLost,
  readDifferently,
  readOnlySession,
  translate,
  translateLoss,
} from './errors.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { send } from './message.ts';
import { outcomeOf } from './outcome.ts';
import { beginWork, createPending, MARK, type Kept, type Work } from './pending.ts';
import { retrying } from './retry.ts';
import { statementError } from './statement.ts';
import { watching, type ExecuteRequest } from './watching.ts';
import { isRefused, Refused, type Answer, type Status } from './wire.ts';
import type { Write } from './writes.ts';

/**
 * The transactions of a session. Detent's own writes wait for the commit and go out with it; where a whole transaction is
 * theirs and can wait, it goes out in front of what comes next.
 */
export interface Transactions {
  run<T>(scope: TransactionScope, work: () => Promise<T>): Promise<T>;
  readonly isWorking: boolean;
  /**
   * A statement of a migration, inside the transaction or outside of any. `tell` is called with what it came to: with the
   * commit where the statement goes out with that. Throws typed errors.
   */
  execute(statement: Statement, request: ExecuteRequest, tell: Kept['tell']): Promise<void>;
  /** Detent's own write, with the commit of the transaction that is open. */
  hold(write: Write): void;
  /** The same outside of any, at once. Throws `LOCK_LOST` where it changes nothing. */
  write(text: string): Promise<void>;
  /** Sends what is held back, so that a reader sees it. */
  flush(): Promise<void>;
}

export interface TransactionSettings {
  readonly link: Link;
  readonly lock: SessionLock;
  readonly ahead: Ahead;
  readonly lockRetries: number;
  /** Called when what was written in a transaction may be gone. */
  readonly onRollBack: () => void;
}

const NO_SAVEPOINT = 1305;

/** They give one answer, without rows. */
const CHANGES = /^\s*(?:create|alter|drop|rename)\b/i;

export function createTransactions(given: TransactionSettings): Transactions {
  const { link, lock, ahead, lockRetries, onRollBack } = given;
  const { wire, target } = link;
  const pending = createPending(lock);
  let work: Work | null = null;

  const flush = async (): Promise<void> => {
    const { texts, done } = await (work === null ? pending.dueAlone() : pending.dueIn(work));
    if (texts.length === 0) return;
    try {
      await link.ask(...texts);
    } catch (error) {
      if (work === null) await rollBack();
      throw error;
    }
    done();
  };
  /** Never throws: the error that led here must stay the first. */
  const rollBack = async (): Promise<void> => {
    if (!wire.isOpen) return;
    try {
      if ((await wire.look()).inTransaction) await wire.run('ROLLBACK');
    } catch (error) {
      link.logger.error(
        `The transaction could not be rolled back: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
  };

  const sendAtOnce = createSendAtOnce({ link, pending, ahead, lockRetries, rollBack });
  const commit = async (current: Work, next: Statement | null | undefined): Promise<void> => {
    const { kept } = current;
    if (kept !== null && kept.length > 0) return commitAtOnce(current, kept, next);
    if (!current.begun && current.held.length === 0) return;
    if (current.begun && !(await wire.look()).inTransaction) throw ended();
    const release = current.begun && current.isCode ? [`RELEASE SAVEPOINT ${MARK}`] : [];
    const { texts, done } = await pending.dueIn(current);
    try {
      if (current.isCode) await wire.run(...release, ...texts, 'COMMIT');
      else {
        const came = await send(link, { head: texts, text: 'COMMIT', tail: ahead.ask(next) }, done);
        ahead.hear(came.tail, came.refused);
      }
      done();
    } catch (error) {
      if (current.isCode && isRefused(error, NO_SAVEPOINT)) throw ended({}, error.cause);
      if (error instanceof Refused && error.failure.kind === 'lost') return afterLoss(current, error);
      throw translate(error, target);
    }
  };
  const commitAtOnce = async (current: Work, kept: readonly Kept[], next: ExecuteRequest['next']): Promise<void> => {
    try {
      await sendAtOnce(current, kept, next);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      await afterLoss(current, error);
      for (const { tell } of kept) tell([]);
    }
  };
  /** The answer to a COMMIT is lost: it is asked for, never sent again. */
  const afterLoss = async ({ proof }: Work, error: Refused): Promise<void> => {
    const outcome = await outcomeOf(link, proof?.() ?? null);
    switch (outcome) {
      case 'committed':
        return;
      case 'rolled-back':
        throw translate(error, target);
      case 'unknown':
        throw commitUnknown(target, error.cause);
    }
  };

  const attemptIn = async (current: Work, { text, transactional }: Statement): Promise<readonly Answer[]> => {
    // Where it may commit by itself, what was written before goes with it.
    const { texts, done } = await (transactional ? pending.dueBefore(current) : pending.dueIn(current));
    const { answers } = await send(link, { head: texts, text, tail: [] }, done);
    current.used = true;
    if (wire.status.inTransaction) return answers;
    if (transactional) throw ended();
    // It committed what was open, as all such statements do; what follows is another transaction.
    Object.assign(current, beginWork(current.isCode, false), { held: current.held, proof: current.proof });
    return answers;
  };
  const attemptAlone = async ({ text }: Statement, next: ExecuteRequest['next']): Promise<readonly Answer[]> => {
    const { texts, done } = await pending.dueAlone();
    try {
      const came = await send(link, { head: texts, text, tail: CHANGES.test(text) ? ahead.ask(next) : [] }, done);
      ahead.hear(came.tail, came.refused);
      return came.answers;
    } catch (error) {
      if (texts.length > 0 && !(error instanceof Refused)) await rollBack();
      throw error;
    }
  };
  /** A refused statement leaves the transaction standing, unless the server ended it; then it begins anew if it had not done anything. */
  const prepareRetry = async (current: Work | null): Promise<boolean> => {
    if (current === null || (await wire.look()).inTransaction) return true;
    if (current.used || current.isCode) return false;
    pending.takeBack(current, true);
    return true;
  };

  return {
    get isWorking() {
      return work !== null;
    },

    async run(scope, doWork) {
      if (link.options.readOnly) throw readOnlySession();
      await link.prepare();
      if ((await look(link)).inTransaction) throw openElsewhere();
      const current = beginWork(scope.statements === null, mayGoAtOnce(link, scope));
      work = current;
      try {
        if (current.isCode) await flush();
        const result = await doWork();
        if (current.isCode) wire.suspect();
        if (scope.canWait === true && !current.begun && lock.held !== null) pending.wait(current);
        else await commit(current, scope.next);
        return result;
      } catch (error) {
        onRollBack();
        if (current.isCode) wire.suspect();
        await rollBack();
        pending.takeBack(current, false);
        throw wire.isOpen ? translate(error, target) : translateLoss(error, target);
      } finally {
        work = null;
      }
    },

    async execute(statement, request, tell) {
      const { file, signal, once, next } = request;
      signal?.throwIfAborted();
      const current = work;
      if (current !== null && current.kept !== null) {
        current.kept.push({ statement, request, tell });
        return;
      }
      let blockers: readonly string[] = [];
      const attempt = async (): Promise<readonly Answer[]> => {
        // A statement that nothing takes back is not stopped in its middle.
        const watch = watching(link, current === null ? undefined : signal);
        try {
          return current === null ? await attemptAlone(statement, next) : await attemptIn(current, statement);
        } finally {
          blockers = await watch.stop();
        }
      };
      try {
        const answers = await retrying(attempt, {
          retries: once ? 0 : lockRetries,
          prepare: () => prepareRetry(current),
          signal,
        });
        expectOne(answers, statement);
        tell(answers);
      } catch (error) {
        // A question for the lock that is told to stop says that nobody holds it.
        if (current !== null && error instanceof DetentError && error.code === 'LOCK_LOST') signal?.throwIfAborted();
        const stopped = signal?.aborted === true;
        throw statementError(error, {
          target,
          file,
          statement,
          blockers,
          stopped,
          detail: await detailOf(link, error),
        });
      }
    },

    hold(write) {
      if (work === null) throw new DetentError('INTERNAL', 'Only a transaction holds writes back.');
      work.held.push(write);
      work.proof = write.proof;
    },

    async write(text) {
      await link.prepare();
      await flush();
      // Where a migration has switched autocommit off.
      const [answer] = await link.ask(text, ...(wire.status.autocommit ? [] : ['COMMIT']));
      if (answer?.records === 0) throw lockLost();
    },

    flush,
  };
}

/** Throws typed errors. */
export async function look({ wire, target }: Link): Promise<Status> {
  try {
    return await wire.look();
  } catch (error) {
    throw translate(error, target);
  }
}

/** One statement, one answer, unless it calls a routine: otherwise the server reads the script in another way than Detent. */
function expectOne(answers: readonly Answer[], { text }: Statement): void {
  if (answers.length === 1 || /\b(?:call|execute|begin)\b/i.test(text)) return;
  throw readDifferently(answers.length, 1);
}

function openElsewhere(): DetentError {
  return new DetentError('TRANSACTION_ENDED', 'A transaction that Detent did not begin is open on its connection.', {
    hint: 'End it with COMMIT or ROLLBACK in the migration that began it, and share the connection with nobody.',
  });
}
