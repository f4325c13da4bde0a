import { DetentError, type Statement, type TransactionScope } from '@detent/core';
import { watchBlockers } from './blockers.ts';
import { cancelOn } from './cancel.ts';
import { commitUnknown, ended, lockLost, readOnlySession, translate, translateLoss } from './errors.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { outcomeOf } from './outcome.ts';
import { retrying } from './retry.ts';
import { statementError } from './statement.ts';
import { isRefused, Refused, type Answer } from './wire.ts';

/** The transactions of a session. Detent's own writes wait for the commit and go out with it. */
export interface Transactions {
  run<T>(scope: TransactionScope, work: () => Promise<T>): Promise<T>;
  readonly isWorking: boolean;
  /** A statement of a migration, inside the transaction or outside of any. Gives what it came to. Throws typed errors. */
  execute(statement: Statement, request: ExecuteRequest): Promise<readonly Answer[]>;
  /** Detent's own write: with the commit of the transaction that is open, or at once. `proof` counts what it wrote. */
  write(text: string, proof: string): Promise<void>;
  /** Sends what is held back, so that a reader inside the transaction sees it. */
  flush(): Promise<void>;
}

export interface ExecuteRequest {
  readonly file: string;
  readonly signal: AbortSignal | undefined;
  /** It is tried once, whatever is locked. */
  readonly once: boolean;
}

/** The transaction that is open. */
interface Work {
  /** Whether the server knows of it. */
  begun: boolean;
  /** Whether anything was executed in it. */
  used: boolean;
  /** Own writes that go out with the commit. */
  readonly held: string[];
  /** A question whose answer is not 0 when it was committed; `null` where nothing would show. */
  proof: string | null;
  readonly isCode: boolean;
}

/** A name set at the start of code: it is gone when the code ended the transaction, even when it began another. */
const MARK = 'detent_work';
const NO_SAVEPOINT = 1305;

/** `onRollBack`: called when what was written in a transaction may be gone. */
export function createTransactions(
  link: Link,
  lock: SessionLock,
  lockRetries: number,
  onRollBack: () => void,
): Transactions {
  const { wire, target } = link;
  let work: Work | null = null;

  const beginning = async ({ isCode }: Work): Promise<readonly string[]> => {
    const fence = await lock.fence();
    return ['START TRANSACTION', ...(fence === null ? [] : [fence]), ...(isCode ? [`SAVEPOINT ${MARK}`] : [])];
  };
  const flush = async (): Promise<void> => {
    if (work === null) return;
    const current = work;
    const texts = [...(current.begun ? [] : await beginning(current)), ...current.held.splice(0)];
    if (texts.length > 0) await link.ask(...texts);
    current.begun = true;
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

  const commit = async (current: Work): Promise<void> => {
    if (!current.begun && current.held.length === 0) return;
    if (current.begun && !(await wire.look()).inTransaction) throw ended();
    const first = current.begun ? (current.isCode ? [`RELEASE SAVEPOINT ${MARK}`] : []) : await beginning(current);
    try {
      await wire.run(...first, ...current.held.splice(0), 'COMMIT');
    } catch (error) {
      if (current.isCode && isRefused(error, NO_SAVEPOINT)) throw ended({}, error.cause);
      if (error instanceof Refused && error.failure.kind === 'lost') return afterLoss(current, error);
      throw translate(error, target);
    }
  };
  /** The answer to a COMMIT is lost: it is asked for, never sent again. */
  const afterLoss = async ({ proof }: Work, error: Refused): Promise<void> => {
    const outcome = await outcomeOf(link, proof);
    switch (outcome) {
      case 'committed':
        return;
      case 'rolled-back':
        throw translate(error, target);
      case 'unknown':
        throw commitUnknown(target, error.cause);
    }
  };

  const attemptIn = async (current: Work, statement: Statement): Promise<readonly Answer[]> => {
    if (!current.begun) await flush();
    const answers = await wire.run(statement.text);
    current.used = true;
    if (wire.status.inTransaction) return answers;
    if (statement.transactional) throw ended();
    // It committed what was open, as all such statements do; what follows is another transaction.
    current.begun = current.used = false;
    return answers;
  };
  /** A refused statement leaves the transaction standing, unless the server ended it; then it begins anew if it had not done anything. */
  const prepareRetry = async (current: Work | null): Promise<boolean> => {
    if (current === null || (await wire.look()).inTransaction) return true;
    if (current.used || current.isCode) return false;
    current.begun = false;
    return true;
  };

  return {
    get isWorking() {
      return work !== null;
    },

    async run(scope, doWork) {
      if (link.options.readOnly) throw readOnlySession();
      await link.prepare();
      if ((await wire.look()).inTransaction) throw openElsewhere();
      const current: Work = { begun: false, used: false, held: [], proof: null, isCode: scope.statements === null };
      work = current;
      try {
        if (current.isCode) await flush();
        const result = await doWork();
        if (current.isCode) wire.suspect();
        await commit(current);
        return result;
      } catch (error) {
        onRollBack();
        if (current.isCode) wire.suspect();
        await rollBack();
        throw wire.isOpen ? translate(error, target) : translateLoss(error, target);
      } finally {
        work = null;
      }
    },

    async execute(statement, { file, signal, once }) {
      signal?.throwIfAborted();
      const current = work;
      // A statement that nothing takes back is not stopped in its middle.
      const reasons = { signal: current === null ? undefined : signal, afterMs: limitByUs(link) };
      let blockers: readonly string[] = [];
      const attempt = async (): Promise<readonly Answer[]> => {
        const stop = cancelOn(link, reasons);
        const watch = watchBlockers(link);
        try {
          return current === null ? await wire.run(statement.text) : await attemptIn(current, statement);
        } finally {
          blockers = watch.seen;
          watch.stop();
          await stop();
        }
      };
      try {
        const answers = await retrying(attempt, {
          retries: once ? 0 : lockRetries,
          prepare: () => prepareRetry(current),
          signal,
        });
        expectOne(answers, statement);
        return answers;
      } catch (error) {
        throw statementError(error, { target, file, statement, blockers, stopped: signal?.aborted === true });
      }
    },

    async write(text, proof) {
      if (work !== null) {
        work.held.push(text);
        work.proof = proof;
        return;
      }
      await link.prepare();
      // Where a migration has switched autocommit off.
      const [answer] = await link.ask(text, ...(wire.status.autocommit ? [] : ['COMMIT']));
      if (answer?.records === 0) throw lockLost();
    },

    flush,
  };
}

/** MySQL limits only queries by itself, so that a second connection has to end everything else. */
function limitByUs(link: Link): number {
  return link.known()?.product === 'MySQL' ? link.limits.statementMs : 0;
}

/** One statement, one answer, unless it calls a routine: otherwise the server reads the script in another way than Detent. */
function expectOne(answers: readonly Answer[], { text }: Statement): void {
  if (answers.length === 1 || /\b(?:call|execute|begin)\b/i.test(text)) return;
  throw new DetentError('INTERNAL', `The server executed ${answers.length} statements where Detent sent one.`, {
    hint: 'Please report the script; what it sent stands.',
  });
}

function openElsewhere(): DetentError {
  return new DetentError('TRANSACTION_ENDED', 'A transaction that Detent did not begin is open on its connection.', {
    hint: 'End it with COMMIT or ROLLBACK in the migration that began it, and share the connection with nobody.',
  });
}
