import { DetentError } from '@detent/core';
import { commitUnknown, ended, factsOf, translate } from './errors.ts';
import type { Failure } from './failure.ts';
import type { Link } from './link.ts';
import type { SessionLock } from './lock.ts';
import { send, type Part } from './message.ts';
import { outcomeOf } from './outcome.ts';
import { AS_CONNECTED, resetSql } from './settings.ts';
import type { ExecuteRequest } from './watching.ts';
import { Refused, type Answer } from './wire.ts';

/** The transaction that is open. */
export interface Work {
  /** Whether the server knows of it yet. */
  begun: boolean;
  /** Own writes that go out with the commit. */
  held: Part[];
  /** Statements that go out with the commit. */
  postponed: Postponed | null;
  /** The transaction's number in the server; `null` until it has one. */
  xid: string | null;
  /** `null` where it leaves none. */
  record: HistoryRecord | null;
  readonly mayPostpone: boolean;
  readonly isCode: boolean;
}

/** A row of the history that goes out with its statements, and only while the lock is held. */
export interface HistoryRecord {
  /** Makes a SELECT that says whether it is there. */
  readonly proof: () => Promise<string>;
}

export interface Postponed {
  readonly parts: readonly Part[];
  readonly request: ExecuteRequest;
}

/** A name set at the start of code: it is gone when the code ended the transaction, even when it began another. */
export const MARK = 'detent_work';

export interface CommitSettings {
  readonly link: Link;
  readonly lock: SessionLock;
  readonly current: Work;
  readonly beginning: (isCode: boolean) => Promise<readonly Part[]>;
}

/** Sends what is held back and the COMMIT in one message. Throws typed errors; the transaction may still be open then. */
export async function commitWork({ link, lock, current, beginning }: CommitSettings): Promise<void> {
  const { wire } = link;
  if (!current.begun && current.held.length === 0) return;
  if (current.begun && (await wire.look()) === 'I') throw ended();
  const { pooled } = await link.greeting();
  const { last } = await lock.fence();
  const parts: readonly Part[] = [
    ...(current.begun ? [] : await beginning(false)),
    ...(current.isCode ? [`RELEASE SAVEPOINT ${MARK}`] : []).map(own),
    ...(link.traces ? AS_CONNECTED : []).map(own),
    ...current.held.splice(0),
    ...last.map(own),
    // The next who gets this session of the server is somebody else.
    ...(pooled ? resetSql(false) : []).map(own),
    own('COMMIT'),
  ];
  let answers: readonly Answer[];
  try {
    answers = await send(wire, parts);
  } catch (error) {
    if (!(error instanceof Refused)) throw error;
    if (error.failure.kind === 'lost') return afterLoss(link, current, error);
    if (current.isCode && error.answers.length === 0) throw codeEnded(error);
    throw commitRefused(link, error);
  }
  // A COMMIT of a transaction that failed is answered by ROLLBACK, and by no error.
  if (answers.at(-1)?.tag !== 'COMMIT') throw ended();
}

/** A command of Detent's own. */
export function own(text: string): Part {
  return { text };
}

/** The answer to a COMMIT is lost: it is asked for, never sent again. */
export async function afterLoss(link: Link, work: Pick<Work, 'xid' | 'record'>, error: Refused): Promise<void> {
  const proof = (await work.record?.proof()) ?? null;
  const outcome = await outcomeOf(link, { xid: work.xid, proof });
  switch (outcome) {
    case 'committed':
      return;
    case 'rolled-back':
      throw translate(error, link.target);
    case 'unknown':
      throw commitUnknown(link.target, error);
  }
}

export function commitRefused(link: Link, error: Refused): unknown {
  const { failure } = error;
  if (failure.code === '26000') return statementsGone(failure, error);
  // Constraints that were put off until now.
  if (!failure.code.startsWith('23')) return translate(error, link.target);
  return new DetentError('STATEMENT_FAILED', `The transaction could not be committed: ${failure.message}.`, {
    hint: 'A constraint that is checked at the end does not hold; correct the rows in the migration.',
    facts: factsOf(failure),
    cause: error.cause,
  });
}

/** A function or a trigger did what a statement would have told. */
function statementsGone(failure: Failure, error: Refused): DetentError {
  return new DetentError('STATEMENT_FAILED', 'The migration threw away the prepared statements of its session.', {
    hint: 'Where a function does it, write `DEALLOCATE ALL` into the file too, so that Detent knows.',
    facts: factsOf(failure),
    cause: error.cause,
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
