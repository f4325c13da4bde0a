import { beforeAll, describe, expect, test } from 'vitest';
import { runScript } from '../process.ts';
import type { ConformanceTarget } from '../target.ts';
import { openWorkplace } from '../workplace.ts';
import { badInputsOf } from './check.ts';
import type { Flaws } from './child.ts';

/** Every kind of bad input gives a typed error with a hint, and nothing is written. */
export function describeBadInput<Db>(target: ConformanceTarget<Db>): void {
  const inputs = badInputsOf(target);
  describe('bad input is refused with a typed error and a hint, and nothing is written', () => {
    let flaws: Flaws = {};
    beforeAll(async () => {
      flaws = JSON.parse(await runScript('bad-input/child', target.module)) as Flaws;
    }, 300_000);

    test('there are at least 80 kinds', () => {
      expect(new Set(inputs.map(({ name }) => name)).size).toBe(inputs.length);
      expect(inputs.length).toBeGreaterThanOrEqual(80);
    });

    test.each(inputs)('$name', ({ name }) => {
      expect(flaws[name] ?? ['it was not tried']).toEqual([]);
    });
  });

  if (target.gaps.length === 0) return;
  describe('what this database cannot do is refused, not skipped', () => {
    test.each(target.gaps)('$name: $why', async ({ url, options, refused }) => {
      await using place = await openWorkplace({
        ...target,
        createDatabase: async () => ({ ...(await target.createDatabase()), url }),
      });
      const executor = place.executor(
        [{ version: '1', form: 'script', up: [{ kind: 'create', table: 'a' }], down: null }],
        options,
      );
      const outcome: unknown = await executor.migrate().catch((thrown: unknown) => ({ errors: [thrown] }));
      expect((outcome as { errors: unknown[] }).errors[0]).toMatchObject({
        code: refused,
        hint: expect.stringMatching(/\S/u) as string,
      });
    });
  });
}
