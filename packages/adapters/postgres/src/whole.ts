import { afterLoss, commitRefused, type HistoryRecord, type Work } from './commit.ts';
import { isFence, translate, translateLoss } from './errors.ts';
import type { Link } from './link.ts';
import { expectAll, send, type Part } from './message.ts';
import { retrying } from './retry.ts';
import { isLockTimeout, statementError } from './statement.ts';
import { watching, type ExecuteRequest, type Fail } from './watching.ts';
import { Refused } from './wire.ts';

/** Transactions of their own that go out in one message each: what comes in one message is one to the server. */
export interface WholeTransactions {
  /** Whether something can go out whole: while nothing is under way, or behind one other alone that did. */
  isFree(behind: boolean): boolean;
  /**
   * Sends it before anything is waited for, also behind another that is not answered. Gives whether it is done; false where
   * that other one does not stand, or somebody had something locked: nothing of it stands then, and it can go again.
   */
  send(parts: readonly Part[], record: HistoryRecord, request: ExecuteRequest): Promise<boolean>;
}

export interface WholeSettings {
  readonly link: Link;
  readonly lockRetries: number;
  /** Whether a transaction of the other kind is open. */
  readonly isWorking: () => boolean;
  /** Called when what was written may be gone. */
  readonly onRollBack: () => void;
}

export function createWholeTransactions(settings: WholeSettings): WholeTransactions {
  const { link, lockRetries, isWorking, onRollBack } = settings;
  const { wire, target } = link;
  /** How many are not answered, and whether the last of them stands. */
  let unanswered = 0;
  let last: Promise<boolean> = Promise.resolve(true);

  const sendNow = async (parts: readonly Part[], { hear }: ExecuteRequest, behind: boolean): Promise<void> => {
    const answers = await send(
      wire,
      parts,
      (answer, part) => {
        if (part.statement !== undefined) hear(answer, part);
      },
      behind,
    );
    expectAll(answers, parts);
  };
  const first = async (parts: readonly Part[], request: ExecuteRequest, fail: Fail): Promise<boolean> => {
    // A message that was refused leaves no transaction open.
    const rules = { retries: lockRetries, rollBack: nothing, signal: request.signal };
    await watching(
      link,
      retrying(() => sendNow(parts, request, false), rules),
      request,
      fail,
    );
    return true;
  };
  /** Nobody watches over it before it is known whether that stands which was sent `before`. */
  const behind = async (
    before: Promise<boolean>,
    parts: readonly Part[],
    request: ExecuteRequest,
    fail: Fail,
  ): Promise<boolean> => {
    const answered = sendNow(parts, request, true);
    answered.catch(nothing);
    if (!(await before)) {
      await answered.catch(nothing);
      return false;
    }
    let isDone = true;
    await watching(link, answered, request, async (thrown, circumstances) => {
      if (!(thrown instanceof Refused) || !(isFence(thrown.failure) || isLockTimeout(thrown)))
        return fail(thrown, circumstances);
      isDone = false;
    });
    return isDone;
  };

  return {
    isFree(isBehind) {
      if (isWorking() || !wire.isOpen) return false;
      return isBehind ? unanswered === 1 : unanswered === 0 && wire.status === 'I' && wire.isIdle;
    },

    async send(parts, record, request) {
      const fail = wholeFailed(link, { xid: null, record });
      const going = unanswered === 0 ? first(parts, request, fail) : behind(last, parts, request, fail);
      unanswered += 1;
      last = going.catch(() => false);
      try {
        return await going;
      } catch (error) {
        onRollBack();
        throw wire.isOpen ? translate(error, target) : translateLoss(error, target, wire.dropped);
      } finally {
        unanswered -= 1;
      }
    },
  };
}

/** What an error of a message with a whole transaction comes to. After a lost answer it is asked how it ended. */
export function wholeFailed(link: Link, work: Pick<Work, 'xid' | 'record'>): Fail {
  return async (thrown, circumstances) => {
    if (thrown instanceof Refused && thrown.failure.kind === 'lost') return afterLoss(link, work, thrown);
    const error = statementError(thrown, circumstances);
    throw error instanceof Refused ? commitRefused(link, error) : error;
  };
}

async function nothing(): Promise<void> {}
