import type { ColumnValue } from '@detent/sql';
import { literal, replaceValues } from './inline.ts';
import type { Link } from './link.ts';

/** A statement that a run repeats. */
export interface AlikeSettings {
  readonly link: Link;
  /** Gives it with `$1`, `$2` … for all of its values. */
  readonly text: () => Promise<string>;
  /** The indexes of those that differ from one time to the next. */
  readonly own: readonly number[];
  /** For the index of one that is mostly the same as one of those: the index of that one. */
  readonly twins?: ReadonlyMap<number, number>;
}

/**
 * Calls a statement by the values that differ, where all others are what they were the last time too: those are planned into
 * a kept statement, for a value that is handed over costs the server ten times as much. `null` where there is none.
 */
export interface Alike {
  call(values: readonly ColumnValue[]): Promise<string | null>;
  /** The same, `null` too while none is kept yet. Asks nobody. */
  whole(values: readonly ColumnValue[]): string | null;
}

export function alike({ link, text, own, twins = new Map() }: AlikeSettings): Alike {
  let last: readonly ColumnValue[] | null = null;
  let name: string | null = null;
  const isSame = (values: readonly ColumnValue[]): boolean =>
    last?.every((value, index, all) => {
      const twin = twins.get(index);
      if (twin !== undefined && value === all[twin]) return values[index] === values[twin];
      return value === values[index] || own.includes(index);
    }) ?? false;
  const ownOf = (values: readonly ColumnValue[]): readonly ColumnValue[] => own.map((index) => values[index] ?? null);
  return {
    async call(values) {
      if (!isSame(values)) {
        last = values;
        name = null;
        return null;
      }
      name ??= await link.keepAnother(planIn(await text(), values, { own, twins }));
      return name === null ? null : link.call(name, ...ownOf(values));
    },
    whole: (values) => (name === null || !isSame(values) ? null : link.call(name, ...ownOf(values))),
  };
}

function planIn(
  text: string,
  values: readonly ColumnValue[],
  { own, twins }: Required<Pick<AlikeSettings, 'own' | 'twins'>>,
): string {
  return replaceValues(text, (index) => {
    const twin = twins.get(index);
    const place = own.indexOf(twin !== undefined && values[index] === values[twin] ? twin : index);
    return place === -1 ? literal(values[index] ?? null) : `$${place + 1}`;
  });
}
