import type { TransactionScope } from '@detent/core';
import type { Ahead } from './ahead.ts';
import { readDifferently, translate } from './errors.ts';
import type { Link } from './link.ts';
import { bundled, TOGETHER } from './message.ts';
import type { Due, Kept, Pending, Work } from './pending.ts';
import { retrying } from './retry.ts';
import { statementError } from './statement.ts';
import { limitByUs, watching, type ExecuteRequest } from './watching.ts';
import { Refused, valueOf, type Answer } from './wire.ts';

/** Those give one answer each and leave the transaction open, and nothing behind in the session. */
const PLAIN = /^\s*(?:insert|update|delete|replace)\b/i;
/** The server reads more into it than a client does, or answers with rows. */
const ODD = /\/\*M?!|\breturning\b/i;

/**
 * Whether all of a transaction can go out in one message, so that nobody can look in its middle whether it still stands.
 * After a lost answer a second connection has to tell how it ended.
 */
export function mayGoAtOnce(link: Link, { statements, atOnce = false }: TransactionScope): boolean {
  if (!atOnce || statements === null || !link.wire.takesMany || !link.hasBeside || !link.isPlain) return false;
  if (statements.length > 1 && limitByUs(link) > 0) return false;
  const length = statements.reduce((sum, { text }) => sum + text.length, 0);
  return length <= TOGETHER && statements.every(({ text }) => PLAIN.test(text) && !ODD.test(text));
}

export interface AtOnceSettings {
  readonly link: Link;
  readonly pending: Pending;
  readonly ahead: Ahead;
  readonly lockRetries: number;
  /** Never throws. */
  readonly rollBack: () => Promise<void>;
}

/**
 * Sends a transaction in one message, with its record and its COMMIT. Throws `Refused` where the answer is lost, and typed
 * errors where the server refused any of it: then nothing of it is committed.
 */
export type SendAtOnce = (work: Work, kept: readonly Kept[], next: ExecuteRequest['next']) => Promise<void>;

export function createSendAtOnce({ link, pending, ahead, lockRetries, rollBack }: AtOnceSettings): SendAtOnce {
  const { wire, target } = link;
  return async (work, kept, next) => {
    const signal = kept[0]?.request.signal;
    let head = 0;
    let commitAt = 0;
    let onSent: Due['done'] = () => undefined;
    let blockers: readonly string[] = [];

    /** Gives the answers, from the one to the first statement on. */
    const attempt = async (): Promise<readonly Answer[]> => {
      const { texts, before, done } = await pending.dueIn(work);
      const tail = ahead.ask(next);
      const opening = bundled(link, texts.slice(0, before));
      const writes = bundled(link, texts.slice(before));
      head = opening.length;
      commitAt = head + kept.length + writes.length;
      const end = commitAt + 1;
      onSent = done;
      const watch = watching(link, signal);
      try {
        const own = kept.map(({ statement }) => statement.text);
        const answers = await wire.run(...opening, ...own, ...writes, 'COMMIT', ...tail);
        done();
        if (answers.length !== end + tail.length) throw readDifferently(answers.length, end + tail.length);
        ahead.hear(answers.slice(end), null);
        return answers.slice(head);
      } catch (error) {
        if (!(error instanceof Refused) || error.failure.kind === 'lost' || error.answers.length < end) throw error;
        // What was asked behind it was refused, and changes nothing.
        wire.trust();
        done();
        ahead.hear(error.answers.slice(end), error);
        return error.answers.slice(head);
      } finally {
        blockers = await watch.stop();
      }
    };
    /** So that nothing stays locked while it waits. */
    const prepare = async (): Promise<boolean> => {
      await rollBack();
      pending.takeBack(work, true);
      return true;
    };
    const tell = (answers: readonly Answer[]): void => {
      for (const [index, answer] of answers.slice(0, kept.length).entries()) kept[index]?.tell([answer]);
    };

    /** A COMMIT may have heard too late that it was to stop. */
    const stands = async ({ proof }: Work): Promise<boolean> => {
      await rollBack();
      const [answer] = proof === null ? [] : await link.ask(proof());
      return Number(valueOf(answer) ?? 0) > 0;
    };

    try {
      tell(await retrying(attempt, { retries: lockRetries, prepare, signal }));
    } catch (error) {
      if (!(error instanceof Refused) || error.failure.kind === 'lost') throw error;
      const answers = error.answers.slice(head);
      tell(answers);
      const stopped = signal?.aborted === true;
      if (error.failure.code === CANCELLED && error.answers.length === commitAt && (await stands(work)))
        return onSent();
      // A question for the lock that is told to stop says that nobody holds it.
      if (error.answers.length < head) signal?.throwIfAborted();
      const refused = error.answers.length < head ? undefined : kept[answers.length];
      const blamed = refused ?? (stopped && error.failure.code === CANCELLED ? kept.at(-1) : undefined);
      if (blamed === undefined) throw translate(error, target);
      const { statement, request } = blamed;
      throw statementError(error, { target, file: request.file, statement, blockers, stopped, detail: null });
    }
  };
}

const CANCELLED = '1317';
