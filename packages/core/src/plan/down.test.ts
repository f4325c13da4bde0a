import { describe, expect, test } from 'vitest';
import { entry, file, repeatable, scan } from '../../test/samples.ts';
import { planDown, planRedo } from './down.ts';
import type { PlanSettings } from './migrate.ts';

const settings: PlanSettings = { outOfOrder: 'error', onAhead: 'error', onMissing: 'error' };
const [one, two, three] = [file('1'), file('2'), file('3')] as const;
const all = scan([one, two, three], [entry(one, 'applied', 1), entry(three, 'applied', 2), entry(two, 'applied', 3)]);
const ids = (steps: readonly { info: { id: string } }[]): string[] => steps.map(({ info }) => info.id);
const codes = (problems: readonly { code: string }[]): string[] => problems.map(({ code }) => code);

describe('planDown', () => {
  test('goes back along the order of application, not of versions', () => {
    expect(ids(planDown(all, settings, { steps: 2 }).steps)).toEqual(['2', '3']);
  });

  test('a target stays applied', () => {
    expect(ids(planDown(all, settings, { to: '1' }).steps)).toEqual(['2', '3']);
    expect(ids(planDown(all, settings, { to: '0' }).steps)).toEqual(['2', '3', '1']);
  });

  test('nothing applied is nothing to do', () => {
    expect(planDown(scan([one], []), settings, { steps: 1 }).kind).toBe('nothing');
  });

  test('a migration whose file is gone can still be planned', () => {
    const plan = planDown(scan([], [entry(one)]), settings, { steps: 1 });
    expect(plan.kind).toBe('steps');
    expect(plan.steps[0]?.file).toBeNull();
  });

  test('nothing goes below a baseline', () => {
    expect(codes(planDown(scan([one], [entry(one, 'baseline')]), settings, { steps: 1 }).problems)).toEqual([
      'BASELINE',
    ]);
  });

  test('repeatable migrations are passed over', () => {
    const view = repeatable('view');
    expect(
      ids(planDown(scan([one, view], [entry(one), entry(view, 'applied', 2)]), settings, { steps: 1 }).steps),
    ).toEqual(['1']);
  });

  test('a migration that ran in part must be finished or settled first', () => {
    expect(codes(planDown(scan([one], [entry(one, 'running')]), settings, { steps: 1 }).problems)).toEqual(['STATE']);
  });
});

describe('planRedo', () => {
  test('undoes the newest and applies it again, edited or not', () => {
    const plan = planRedo(scan([one, file('2', 'edited')], [entry(one), entry(two, 'applied', 2)]), settings, null);
    expect(plan.kind).toBe('steps');
    expect(plan.steps.map(({ info }) => `${info.direction} ${info.id}`)).toEqual(['down 2', 'up 2']);
  });

  test('refuses what is not applied, and what has no file', () => {
    expect(codes(planRedo(scan([one], []), settings, null).problems)).toEqual(['TARGET_UNKNOWN']);
    expect(codes(planRedo(scan([one], [entry(one)]), settings, '9').problems)).toEqual(['TARGET_UNKNOWN']);
    expect(codes(planRedo(scan([], [entry(one)]), settings, null).problems)).toEqual(['MISSING']);
  });
});
