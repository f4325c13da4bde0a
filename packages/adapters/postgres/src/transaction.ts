import { DetentError, type TransactionScope } from '@detent/core';
import { mayGoAtOnce } from './at-once.ts';
import { commitWork, MARK, own, type Postponed, type HistoryRecord, type Work } from './commit.ts';
import { ended, lockLost, readOnlySession, translate, translateLoss } from './errors.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { expectAll, send, type Part } from './message.ts';
import { retrying } from './retry.ts';
import { limitSql } from './settings.ts';
import { isLockTimeout, statementError } from './statement.ts';
import { watching, type ExecuteRequest, type Fail } from './watching.ts';
import { wholeFailed } from './whole.ts';
import type { Answer } from './wire.ts';

/** The transactions of a session. What is known in advance goes out together, in as few messages as can be. */
export interface Transactions {
  run<T>(scope: TransactionScope, work: () => Promise<T>): Promise<T>;
  readonly isWorking: boolean;
  /** The statements wait for the commit, with which they go out. */
  readonly isPostponed: boolean;
  /** Statements of a migration, inside the transaction or outside of any. Throws typed errors. */
  execute(parts: readonly Part[], request: ExecuteRequest): Promise<void>;
  /** Detent's own write: with the commit of the transaction that is open, or at once. */
  write(part: Part, record?: HistoryRecord): Promise<void>;
  /** Sends what is held back, so that a reader inside the transaction sees it. */
  flush(): Promise<void>;
}

/** `onRollBack`: called when what was written in a transaction may be gone. */
export function createTransactions(
  link: Link,
  lock: SessionLock,
  lockRetries: number,
  onRollBack: () => void,
): Transactions {
  const { wire, target } = link;
  let work: Work | null = null;
  /** Everything before the first statement. */
  const beginning = async (isCode: boolean): Promise<readonly Part[]> => {
    const { pooled } = await link.greeting();
    const { first } = await lock.fence();
    const limits = pooled ? limitSql(link.limits, true) : [];
    return ['BEGIN', ...limits, ...first, ...(isCode ? [`SAVEPOINT ${MARK}`] : [])].map(own);
  };
  const begun = (current: Work, answers: readonly Answer[]): void => {
    current.begun = true;
    current.xid ??= answers.find(({ rows }) => rows[0]?.['xid'] !== undefined)?.rows[0]?.['xid'] ?? null;
  };
  /** Never throws: the error that led here must stay the first. */
  const rollBack = async (): Promise<void> => {
    if (!wire.isOpen) return;
    try {
      if ((await wire.look()) !== 'I') await wire.run('ROLLBACK');
    } catch (error) {
      link.logger.error(
        `The transaction could not be rolled back: ${error instanceof Error ? error.message : String(error)}.`,
      );
    }
  };

  const begin = async (
    current: Work,
    parts: readonly Part[],
    hear?: (answer: Answer, part: Part) => void,
  ): Promise<void> => {
    const head = await beginning(current.isCode);
    const answers = await send(wire, [...head, ...parts], hear);
    begun(current, answers);
    expectAll(answers, [...head, ...parts]);
  };
  const flush = async (): Promise<void> => {
    if (work === null) return;
    const current = work;
    if (current.postponed !== null) {
      const { postponed } = current;
      current.postponed = null;
      const after = current.held.splice(0);
      await executeNow(postponed);
      current.held.push(...after);
    }
    const held = current.held.splice(0);
    try {
      if (!current.begun) await begin(current, held);
      else if (held.length > 0) await send(wire, held);
    } catch (error) {
      throw translate(error, target);
    }
  };

  /** Gives one message of statements, and tries again where nothing else has happened since the transaction began. */
  const attemptOf = (parts: readonly Part[], request: ExecuteRequest): (() => Promise<void>) => {
    const { hear } = request;
    const report = (answer: Answer, part: Part): void => {
      if (part.statement !== undefined) hear(answer, part);
    };
    const current = work;
    if (current === null) {
      return async () => {
        const answers = await send(wire, parts, report);
        expectAll(answers, parts);
      };
    }
    return async () => {
      const before = current.held.splice(0);
      const all = [...before, ...parts];
      if (!current.begun) {
        try {
          return await begin(current, all, report);
        } catch (error) {
          // It is as if it had not begun.
          current.begun = isLockTimeout(error) ? false : current.begun;
          current.held.unshift(...before);
          throw error;
        }
      }
      const answers = await send(wire, all, report);
      expectAll(answers, all);
    };
  };

  /** Sends with all that watches over it. */
  const executing = async (parts: readonly Part[], request: ExecuteRequest, fail: Fail): Promise<void> => {
    const canRetry = work === null || !work.begun;
    const attempt = attemptOf(parts, request);
    // What it sends is with the server before anything else is done.
    await watching(
      link,
      canRetry ? retrying(attempt, { retries: lockRetries, rollBack, signal: request.signal }) : attempt(),
      request,
      fail,
    );
  };
  const executeNow = async ({ parts, request }: Postponed): Promise<void> => {
    await executing(parts, request, async (thrown, circumstances) => {
      throw statementError(thrown, circumstances);
    });
    if (work !== null && wire.status === 'I') throw ended();
  };
  /** The whole transaction in one message. */
  const executeAtOnce = async (current: Work, { parts, request }: Postponed): Promise<void> => {
    const last = current.record === null ? (await lock.fence()).last : [];
    const whole = [...parts, ...current.held.splice(0), ...last.map(own), own('COMMIT')];
    await executing(whole, request, wholeFailed(link, current));
  };
  return {
    get isWorking() {
      return work !== null;
    },

    get isPostponed() {
      return work !== null && work.postponed !== null;
    },

    async run(scope, doWork) {
      if (link.options.readOnly) throw readOnlySession();
      if ((await wire.look()) !== 'I') throw openElsewhere();
      await link.prepare();
      const current: Work = {
        begun: false,
        held: [],
        postponed: null,
        xid: null,
        record: null,
        mayPostpone: mayGoAtOnce(link, scope),
        isCode: scope.statements === null,
      };
      work = current;
      try {
        if (current.isCode) await flush();
        const result = await doWork();
        const { postponed } = current;
        current.postponed = null;
        await (postponed === null ? commitWork({ link, lock, current, beginning }) : executeAtOnce(current, postponed));
        return result;
      } catch (error) {
        onRollBack();
        await rollBack();
        throw wire.isOpen ? translate(error, target) : translateLoss(error, target, wire.dropped);
      } finally {
        work = null;
      }
    },

    async execute(parts, request) {
      const { held, mayPostpone = false, begun = true } = work ?? {};
      if (work !== null && mayPostpone && !begun && held?.length === 0) work.postponed = { parts, request };
      else await executeNow({ parts, request });
    },

    async write(part, record) {
      if (work !== null) {
        work.held.push(part);
        work.record = record ?? work.record;
        return;
      }
      await link.prepare();
      const [answer] = await link.record(part.text);
      if (answer?.tag === 'INSERT 0 0') throw lockLost();
    },

    flush,
  };
}

function openElsewhere(): DetentError {
  return new DetentError('TRANSACTION_ENDED', 'A transaction that Detent did not begin is open on its connection.', {
    hint: 'End it with COMMIT or ROLLBACK in the migration that began it, and share the connection with nobody.',
  });
}
