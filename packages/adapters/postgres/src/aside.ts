import type { ObjectSum } from '@detent/core';
import type { DataTable } from './data-tables.ts';
import { literal } from './inline.ts';
import type { Link } from './link.ts';
import { FIXED_TEXT, sumsOf, type Ask } from './sums.ts';

/** The session itself, which counts and sums the rows while another connection copies them. */
export interface Aside {
  /** False where it could not have the same snapshot and the same locks at once. */
  join(snapshot: string, locks: readonly string[]): Promise<boolean>;
  sums(tables: readonly DataTable[]): Promise<readonly ObjectSum[]>;
  /** Ends it, with whatever it is still summing. Never throws. */
  leave(): Promise<void>;
}

export function createAside(link: Link): Aside {
  let summing: Promise<unknown> | null = null;
  let isOver = false;
  const ask: Ask = (...texts) => {
    if (isOver) throw new Error('the backup is over');
    return link.ask(...texts);
  };
  return {
    async join(snapshot, locks) {
      try {
        // Who waited here for a lock would wait behind somebody who waits for the locks of the connection that copies.
        const nowait = locks.map((lock) => `${lock} NOWAIT`);
        const begin = 'BEGIN ISOLATION LEVEL REPEATABLE READ READ ONLY';
        await link.ask(begin, `SET TRANSACTION SNAPSHOT ${literal(snapshot)}`, ...FIXED_TEXT, ...nowait);
        return true;
      } catch (error) {
        if (!link.wire.isOpen) throw error;
        return false;
      }
    },

    sums(tables) {
      const sums = sumsOf(ask, tables);
      summing = sums.catch(() => undefined).then(() => (summing = null));
      return sums;
    },

    async leave() {
      isOver = true;
      if (summing !== null) {
        const { pid } = await link.greeting();
        const other = await link.beside();
        await other?.run(`SELECT pg_cancel_backend(${pid})`).catch(() => undefined);
        await summing;
      }
      if (link.wire.isOpen && link.wire.status !== 'I') await link.wire.run('ROLLBACK').catch(() => undefined);
    },
  };
}
