import { describe, expect, test } from 'vitest';
import { BREAKAGES, broken, type Noticing } from './broken.ts';
import { crashAtCalls, type CrashScenario } from './crash-checks.ts';
import { FEW } from './crash.ts';
import { raceInProcess } from './lock-race.ts';
import { sampleStrategies } from './strategies.ts';
import type { ConformanceTarget } from './target.ts';
import { fingerprintFlaws, rollbackFlaws } from './transactions.ts';

const FEW_CALLS: CrashScenario = { strategy: 'none', drafts: FEW.slice(0, 2) };

/** The kit's checks, each given a session that is right and sessions that are not. `sample`: see `sampleStrategies`. */
export function describeBrokenRunners<Db>(target: ConformanceTarget<Db>, sample: number): void {
  const { limits = {} } = target;
  const isTried = (noticing: Noticing): boolean => noticing !== 'crashes' || limits.processes === undefined;
  const check = async (noticing: Noticing, breakage: string | null): Promise<readonly string[]> => {
    const tamper = breakage === null ? undefined : broken<Db>(breakage);
    switch (noticing) {
      case 'strategies':
        return sampleStrategies(target, { tamper, every: tamper === undefined ? sample : 1 });
      case 'crashes':
        return (await crashAtCalls(target, FEW_CALLS, breakage === null ? 2 * sample : 2, breakage)).deviations;
      case 'race':
        return raceInProcess(target, tamper);
      case 'fingerprint':
        return fingerprintFlaws(target, tamper);
      case 'transaction':
        return rollbackFlaws(target, tamper);
    }
  };
  describe('the kit notices', () => {
    const isThere = { backups: limits.backups === undefined, scripts: target.language.extension !== null };
    const breakages = Object.entries(BREAKAGES).filter(
      ([, { noticedBy, breaks }]) => isTried(noticedBy) && (breaks === undefined || isThere[breaks]),
    );
    test.each(breakages)('%s', { timeout: 300_000 }, async (name, { noticedBy }) => {
      expect(await check(noticedBy, name)).not.toEqual([]);
    });
  });
  describe('the kit finds nothing wrong with what is right', () => {
    test.each((['strategies', 'crashes', 'race', 'fingerprint', 'transaction'] as const).filter(isTried))(
      '%s',
      { timeout: 300_000 },
      async (noticing) => {
        expect(await check(noticing, null)).toEqual([]);
      },
    );
  });
}
