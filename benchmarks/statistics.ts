import type { Result } from './race.ts';

/** 0 for no numbers. */
export function median(numbers: readonly number[]): number {
  const sorted = numbers.toSorted((a, b) => a - b);
  const half = Math.floor(sorted.length / 2);
  const upper = sorted[half] ?? 0;
  return sorted.length % 2 === 1 ? upper : ((sorted[half - 1] ?? upper) + upper) / 2;
}

/** Times over the floor's of the same round, so that a slow minute of the machine weighs on both. */
export function ratios(result: Result, floor: Result): readonly number[] {
  return result.samples.map(({ ms }, round) => ms / (floor.samples[round]?.ms ?? Number.NaN));
}

export function medianMs({ samples }: Result): number {
  return median(samples.map(({ ms }) => ms));
}

/** `null` when the program does not say. */
export function medianOf({ samples }: Result, what: 'cpuMs' | 'maxRssMb'): number | null {
  const known = samples.flatMap((sample) => (sample[what] === null ? [] : [sample[what]]));
  return known.length === 0 ? null : median(known);
}
