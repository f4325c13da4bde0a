import type { Result } from './race.ts';
import { median, medianMs, medianOf, ratios } from './statistics.ts';

/** What one contestant is to reach. */
export type Goal =
  | { readonly kind: 'ratio'; readonly of: string; readonly to: string; readonly atMost: number }
  | { readonly kind: 'time'; readonly of: string; readonly underMs: number }
  | { readonly kind: 'memory'; readonly of: string; readonly underMb: number }
  /** At most so many times as long as one other, and as long as a second besides. */
  | {
      readonly kind: 'sum';
      readonly of: string;
      readonly atMost: number;
      readonly times: string;
      readonly plus: string;
    }
  | { readonly kind: 'faster'; readonly of: string; readonly than: string };

export interface Verdict {
  readonly isMet: boolean;
  readonly text: string;
}

/** Throws when a goal names nobody who ran. */
export function judge(goal: Goal, results: readonly Result[]): Verdict {
  const find = (name: string): Result => {
    const found = results.find((result) => result.name === name);
    if (found === undefined) throw new Error(`There is no contestant ${name}.`);
    return found;
  };
  const own = find(goal.of);
  switch (goal.kind) {
    case 'ratio': {
      const ratio = median(ratios(own, find(goal.to)));
      return {
        isMet: ratio <= goal.atMost,
        text: `${goal.of} at most ${goal.atMost} × ${goal.to}: ${ratio.toFixed(2)}`,
      };
    }
    case 'time': {
      const ms = medianMs(own);
      return { isMet: ms < goal.underMs, text: `${goal.of} under ${goal.underMs} ms: ${ms.toFixed(0)} ms` };
    }
    case 'memory': {
      const mb = medianOf(own, 'maxRssMb') ?? Number.NaN;
      return { isMet: mb < goal.underMb, text: `${goal.of} under ${goal.underMb} MB: ${mb.toFixed(0)} MB` };
    }
    case 'sum': {
      const [times, plus] = [find(goal.times), find(goal.plus)];
      const ratio = median(
        own.samples.map(
          ({ ms }, round) => (ms - (plus.samples[round]?.ms ?? Number.NaN)) / (times.samples[round]?.ms ?? Number.NaN),
        ),
      );
      return {
        isMet: ratio <= goal.atMost,
        text: `${goal.of} at most ${goal.atMost} × ${goal.times} beyond ${goal.plus}: ${ratio.toFixed(2)}`,
      };
    }
    case 'faster': {
      const ratio = median(ratios(own, find(goal.than)));
      return { isMet: ratio < 1, text: `${goal.of} faster than ${goal.than}: ${ratio.toFixed(2)} of its time` };
    }
  }
}
