import type { Statement } from '@detent/core';
import type { SessionLock } from './lock.ts';
import type { ExecuteRequest } from './watching.ts';
import type { Answer } from './wire.ts';
import { writesSql, type Write } from './writes.ts';

/** A statement that goes out with the commit. */
export interface Kept {
  readonly statement: Statement;
  readonly request: ExecuteRequest;
  /** Called with what it came to; with nothing where that was lost. */
  readonly tell: (answers: readonly Answer[]) => void;
}

/** The transaction that is open. */
export interface Work {
  /** Whether the server knows of it. */
  begun: boolean;
  /** Whether anything was executed in it. */
  used: boolean;
  /** Own writes that go out with the commit, and those that went out before it. */
  readonly held: Write[];
  readonly sent: Write[];
  /** Those of earlier transactions that this one takes along, and whether they went out. */
  carried: readonly Write[];
  hasCarried: boolean;
  /** Of the last write; `null` where nothing would show that it was committed. */
  proof: (() => string) | null;
  readonly isCode: boolean;
  /** What goes out with the commit; `null` where each statement goes out by itself. */
  readonly kept: Kept[] | null;
}

/** A name set at the start of code: it is gone when the code ended the transaction, even when it began another. */
export const MARK = 'detent_work';

/** Statements that have to go out now, and what to do when the server has them. */
export interface Due {
  readonly texts: readonly string[];
  readonly done: () => void;
}

/** Detent's own writes that the server does not have yet. */
export interface Pending {
  /** The writes of a transaction that was never begun wait for what comes next. */
  wait(work: Work): void;
  /** What a transaction needs before a statement. */
  dueBefore(work: Work): Promise<Due>;
  /** The same, and behind that, from `before` on, all its writes. */
  dueIn(work: Work): Promise<Due & { readonly before: number }>;
  /** All that waits, as a transaction. */
  dueAlone(): Promise<Due>;
  /** The server has given the transaction up: what it carried waits again. `retried`: its own writes too. */
  takeBack(work: Work, retried: boolean): void;
}

/** `atOnce`: its statements go out with the commit. */
export function beginWork(isCode: boolean, atOnce: boolean): Work {
  const kept = atOnce ? [] : null;
  return { begun: false, used: false, held: [], sent: [], carried: [], hasCarried: false, proof: null, isCode, kept };
}

export function createPending(lock: SessionLock): Pending {
  let waiting: readonly Write[] = [];
  let token: number | null = null;
  /** What waits is the holder's; nobody writes it who is the holder no more. */
  const whatWaits = (): readonly Write[] => {
    if (lock.held?.token !== token) waiting = [];
    return waiting;
  };
  const beginning = async (): Promise<readonly string[]> => {
    const fence = await lock.fence();
    return ['START TRANSACTION', ...(fence === null ? [] : [fence])];
  };
  const dueBefore = async (work: Work): Promise<Due> => {
    if (work.begun) return { texts: [], done: () => undefined };
    const mark = work.isCode ? [`SAVEPOINT ${MARK}`] : [];
    const carried = whatWaits();
    const done = (): void => {
      if (work.begun) return;
      waiting = waiting.slice(carried.length);
      work.carried = carried;
      work.begun = true;
    };
    return { texts: [...(await beginning()), ...mark], done };
  };
  return {
    wait({ held }) {
      waiting = [...whatWaits(), ...held.splice(0)];
      token = lock.held?.token ?? null;
    },

    dueBefore,

    async dueIn(work) {
      const before = await dueBefore(work);
      const { held, sent, begun, hasCarried } = work;
      const carried = begun ? work.carried : whatWaits();
      const count = held.length;
      const texts = [...before.texts, ...writesSql(hasCarried ? held : [...carried, ...held])];
      const done = (): void => {
        before.done();
        work.hasCarried = true;
        sent.push(...held.splice(0, count));
      };
      return { texts, before: before.texts.length, done };
    },

    async dueAlone() {
      if (whatWaits().length === 0) return { texts: [], done: () => undefined };
      return { texts: [...(await beginning()), ...writesSql(waiting), 'COMMIT'], done: () => void (waiting = []) };
    },

    takeBack(work, retried) {
      waiting = [...work.carried, ...waiting];
      work.carried = [];
      const own = work.sent.splice(0);
      if (retried) work.held.unshift(...own);
      work.begun = work.used = work.hasCarried = false;
    },
  };
}
