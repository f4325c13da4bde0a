import { setTimeout as sleep } from 'node:timers/promises';
import { DetentError, type TransactionScope } from '@detent/core';
import { watchBlockers } from './blockers.ts';
import { commitUnknown, ended, factsOf, lockLost, readOnlySession, translate } from './errors.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { send, type Part } from './message.ts';
import { outcomeOf } from './outcome.ts';
import { AS_CONNECTED, limitSql, resetSql } from './settings.ts';
import { isLockTimeout, statementError } from './statement.ts';
import { Refused, type Answer } from './wire.ts';

/** The transactions of a session. What is known in advance goes out together, in as few messages as can be. */
export interface Transactions {
  run<T>(scope: TransactionScope, work: () => Promise<T>): Promise<T>;
  readonly isWorking: boolean;
  /** Statements of a migration, inside the transaction or outside of any. Throws typed errors. */
  execute(parts: readonly Part[], request: ExecuteRequest): Promise<void>;
  /** Detent's own write: with the commit of the transaction that is open, or at once. */
  write(text: string): Promise<void>;
  /** Sends what is held back, so that a reader inside the transaction sees it. */
  flush(): Promise<void>;
}

export interface ExecuteRequest {
  readonly file: string;
  readonly signal: AbortSignal | undefined;
  readonly hear: (answer: Answer, part: Part) => void;
}

/** The transaction that is open. */
interface Work {
  /** Whether the server knows of it yet. */
  begun: boolean;
  /** Own writes that go out with the commit. */
  held: string[];
  /** The transaction's number in the server; `null` until it has one. */
  xid: string | null;
  readonly isCode: boolean;
}

/** A name set at the start of code: it is gone when the code ended the transaction, even when it began another. */
const MARK = 'detent_work';
const FIRST_PAUSE_MS = 200;
const LAST_PAUSE_MS = 10_000;

/** `onRollBack`: called when what was written in a transaction may be gone. */
export function createTransactions(
  link: Link,
  lock: SessionLock,
  lockRetries: number,
  onRollBack: () => void,
): Transactions {
  const { wire, target } = link;
  let work: Work | null = null;

  const own = (text: string): Part => ({ text });

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
    const texts = current.held.splice(0);
    try {
      if (!current.begun) await begin(current, texts.map(own));
      else if (texts.length > 0) await send(wire, texts.map(own));
    } catch (error) {
      throw translate(error, target);
    }
  };

  const commit = async (current: Work): Promise<void> => {
    if (!current.begun && current.held.length === 0) return;
    if (current.begun) expectOpen(await wire.look());
    const { pooled } = await link.greeting();
    const { last } = await lock.fence();
    const head = current.begun ? [] : await beginning(false);
    const parts = [
      ...head,
      ...(current.isCode ? [own(`RELEASE SAVEPOINT ${MARK}`)] : []),
      ...(link.traces ? AS_CONNECTED : []).map(own),
      ...current.held.splice(0).map(own),
      ...last.map(own),
      // The next who gets this session of the server is somebody else.
      ...(pooled ? resetSql(false).map(own) : []),
      own('COMMIT'),
    ];
    let answers: readonly Answer[];
    try {
      answers = await send(wire, parts);
    } catch (error) {
      if (!(error instanceof Refused)) throw error;
      if (error.failure.kind === 'lost') return afterLoss(current, error);
      if (current.isCode && error.answers.length === 0) throw codeEnded(error);
      throw commitRefused(error);
    }
    // A COMMIT of a transaction that failed is answered by ROLLBACK, and by no error.
    if (answers.at(-1)?.tag !== 'COMMIT') throw ended();
  };

  /** The answer to a COMMIT is lost: it is asked for, never sent again. */
  const afterLoss = async (current: Work, error: Refused): Promise<void> => {
    const outcome = await outcomeOf(link, current.xid);
    switch (outcome) {
      case 'committed':
        return;
      case 'rolled-back':
        throw translate(error, target);
      case 'unknown':
        throw commitUnknown(target, error);
    }
  };

  const commitRefused = (error: Refused): unknown => {
    const { failure } = error;
    // Constraints that were put off until now.
    if (failure.code.startsWith('23')) {
      return new DetentError('STATEMENT_FAILED', `The transaction could not be committed: ${failure.message}.`, {
        hint: 'A constraint that is checked at the end does not hold; correct the rows in the migration.',
        facts: factsOf(failure),
        cause: error.cause,
      });
    }
    return translate(error, target);
  };

  const retrying = async (attempt: () => Promise<void>, signal: AbortSignal | undefined): Promise<void> => {
    for (let tries = 0; ; tries += 1) {
      try {
        return await attempt();
      } catch (error) {
        if (!isLockTimeout(error) || tries >= lockRetries || signal?.aborted === true) throw error;
        await rollBack();
        const pauseMs = Math.min(FIRST_PAUSE_MS * 2 ** tries, LAST_PAUSE_MS) * (0.5 + Math.random());
        await sleep(pauseMs, undefined, signal === undefined ? {} : { signal }).catch(() => undefined);
      }
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
      const before = current.held.splice(0).map(own);
      const all = [...before, ...parts];
      if (!current.begun) {
        try {
          return await begin(current, all, report);
        } catch (error) {
          // It is as if it had not begun.
          current.begun = isLockTimeout(error) ? false : current.begun;
          current.held.unshift(...before.map(({ text }) => text));
          throw error;
        }
      }
      const answers = await send(wire, all, report);
      expectAll(answers, all);
    };
  };

  return {
    get isWorking() {
      return work !== null;
    },

    async run(scope, doWork) {
      if (link.options.readOnly) throw readOnlySession();
      if ((await wire.look()) !== 'I') throw openElsewhere();
      await link.prepare();
      const current: Work = { begun: false, held: [], xid: null, isCode: scope.statements === null };
      work = current;
      try {
        if (current.isCode) await flush();
        const result = await doWork();
        await commit(current);
        return result;
      } catch (error) {
        onRollBack();
        await rollBack();
        throw translate(error, target);
      } finally {
        work = null;
      }
    },

    async execute(parts, request) {
      const canRetry = work === null || !work.begun;
      const watch = watchBlockers(link);
      const stop = cancelOn(link, request.signal);
      const attempt = attemptOf(parts, request);
      try {
        await (canRetry ? retrying(attempt, request.signal) : attempt());
        if (work !== null) expectOpen(wire.status);
      } catch (error) {
        const stopped = request.signal?.aborted === true;
        throw statementError(error, {
          target,
          file: request.file,
          blockers: watch.seen,
          stopped,
        });
      } finally {
        watch.stop();
        stop();
      }
    },

    async write(text) {
      if (work !== null) {
        work.held.push(text);
        return;
      }
      await link.prepare();
      const [answer] = await link.record(text);
      if (answer?.tag === 'INSERT 0 0') throw lockLost();
    },

    flush,
  };
}

function cancelOn(link: Link, signal: AbortSignal | undefined): () => void {
  if (signal === undefined) return () => undefined;
  const pid = link.known()?.pid;
  const cancel = (): void => {
    if (pid === undefined) return;
    void link
      .beside()
      .then((wire) => wire?.run(`SELECT pg_cancel_backend(${pid})`))
      .catch(() => undefined);
  };
  signal.addEventListener('abort', cancel, { once: true });
  return () => signal.removeEventListener('abort', cancel);
}

/** One command, one answer: otherwise the server reads the script in another way than Detent. */
function expectAll(answers: readonly Answer[], parts: readonly Part[]): void {
  if (answers.length === parts.length) return;
  throw new DetentError(
    'INTERNAL',
    `The server executed ${answers.length} commands where Detent sent ${parts.length}.`,
    { hint: 'Please report the script; nothing of it stands.' },
  );
}

function expectOpen(status: string): void {
  if (status === 'I') throw ended();
}

function openElsewhere(): DetentError {
  return new DetentError('TRANSACTION_ENDED', 'A transaction that Detent did not begin is open on its connection.', {
    hint: 'End it with COMMIT or ROLLBACK in the migration that began it, and share the connection with nobody.',
  });
}

/** The savepoint is gone, or the code swallowed the error of a statement of its own. */
function codeEnded(error: Refused): DetentError {
  if (error.failure.code !== '25P02') return ended({}, error.cause);
  return new DetentError(
    'SCRIPT_FAILED',
    'A statement of the migration failed, and the migration went on as if it had not.',
    {
      hint: 'Let the error through, or put a SAVEPOINT before what may fail.',
      facts: factsOf(error.failure),
      cause: error.cause,
    },
  );
}
