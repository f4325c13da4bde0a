import type { Effect, Statement } from '../ports/script.ts';
import { isWork } from '../run/work.ts';

const OPPOSITE: Readonly<Record<Effect['change'], Effect['change']>> = {
  makes: 'takes away',
  'takes away': 'makes',
  alters: 'alters',
};

/**
 * How many statements of `down`, from its beginning, belong to what was never done of `up`; `null` where `down` is not
 * written statement for statement, so that only the whole of it may run. Pure.
 */
export function undoneBefore(up: readonly Statement[], done: number, down: readonly Statement[]): number | null {
  const made: Effect[] = [];
  for (const { effect } of up.slice(0, done).filter(isWork)) {
    if (effect === null) return null;
    // Rows and indexes of a table that this migration made go with the table.
    if (!made.some((whole) => whole.change === 'makes' && isWithin(effect, whole))) made.push(effect);
  }
  const work = down.flatMap((statement, index) => (isWork(statement) ? [{ index, effect: statement.effect }] : []));
  const first = work.length - made.length;
  if (first < 0) return null;
  const wanted = new Set(made.map(oppositeOf));
  const matches = made.every((effect, index) => spelled(work.at(-1 - index)?.effect) === oppositeOf(effect));
  // Two statements on the same thing cannot be told apart by their effects.
  const ambiguous = work.slice(0, first).some(({ effect }) => wanted.has(spelled(effect)));
  return matches && !ambiguous ? (work[first]?.index ?? down.length) : null;
}

function oppositeOf({ change, on }: Effect): string {
  return spelled({ change: OPPOSITE[change], on });
}

function spelled(effect: Effect | null | undefined): string {
  return JSON.stringify(effect ?? null);
}

function isWithin({ on }: Effect, whole: Effect): boolean {
  return on.length > whole.on.length && whole.on.every((part, index) => part === on[index]);
}
