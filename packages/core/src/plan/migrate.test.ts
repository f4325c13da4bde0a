import * as fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { entry, file, repeatable, scan } from '../../test/samples.ts';
import { DetentError } from '../errors.ts';
import type { HistoryEntry } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import { compareVersions } from '../scan/version.ts';
import { planMigrate, type PlanSettings } from './migrate.ts';

const settings: PlanSettings = { outOfOrder: 'error', onAhead: 'warn', onMissing: 'warn' };
const [one, two, three] = [file('1'), file('2'), file('3')] as const;
const ids = (steps: readonly { info: { id: string } }[]): string[] => steps.map(({ info }) => info.id);
const codes = (problems: readonly { code: string }[]): string[] => problems.map(({ code }) => code);

describe('planMigrate', () => {
  test('what is not applied is planned in the order of the files', () => {
    const plan = planMigrate(scan([one, two, three], [entry(one)]), settings, null);
    expect(plan.kind).toBe('steps');
    expect(ids(plan.steps)).toEqual(['2', '3']);
    expect(plan.migrated).toHaveLength(1);
  });

  test('with everything applied there is nothing to do', () => {
    expect(planMigrate(scan([one], [entry(one)]), settings, null).kind).toBe('nothing');
  });

  test('what is side by side in files and history is judged as it is in any other order', () => {
    const states = fc.constantFrom<HistoryEntry['state'][]>(
      'applied',
      'applied',
      'failed',
      'baseline',
      'unknown',
      'running',
    );
    const text = fc.constantFrom('same', 'same', 'edited');
    const migrations = fc.array(fc.record({ state: states, text }), { maxLength: 6 });
    const outcome = (files: readonly MigrationFile[], entries: readonly HistoryEntry[]): unknown => {
      const { migrated, ...plan } = planMigrate(scan(files, entries), settings, null);
      return { ...plan, problems: codes(plan.problems).toSorted(), migrated: migrated.map(({ id }) => id).toSorted() };
    };
    fc.assert(
      fc.property(migrations, (found) => {
        const files = found.map((each, index) => file(String(index + 1), each.text === 'same' ? undefined : each.text));
        const entries = found.map(({ state }, index) => entry(file(String(index + 1)), state));
        expect(outcome(files, entries)).toEqual(outcome(files, entries.toReversed()));
      }),
    );
  });

  test('a migration that was undone is pending again', () => {
    expect(ids(planMigrate(scan([one], [entry(one, 'rolled_back')]), settings, null).steps)).toEqual(['1']);
  });

  test('an interrupted migration is planned as such', () => {
    expect(planMigrate(scan([one], [entry(one, 'running')]), settings, null).steps[0]?.reason).toBe('interrupted');
  });

  test('a target leaves out what is above it and the repeatable ones', () => {
    expect(ids(planMigrate(scan([one, two, three, repeatable('view')], []), settings, '2').steps)).toEqual(['1', '2']);
  });

  test('a target that nobody knows is refused with the nearest version', () => {
    const plan = planMigrate(scan([file('20230101')], []), settings, '20230102');
    expect(codes(plan.problems)).toEqual(['TARGET_UNKNOWN']);
    expect(plan.problems[0]?.hint).toContain('20230101');
  });

  test('F46 a file below the newest applied version is refused, run or ignored, and never skipped in silence', () => {
    const state = scan([one, two], [entry(two)]);
    expect(codes(planMigrate(state, settings, null).problems)).toEqual(['OUT_OF_ORDER']);
    const run = planMigrate(state, { ...settings, outOfOrder: 'run' }, null);
    expect(run.steps[0]?.reason).toBe('out-of-order');
    const ignore = planMigrate(state, { ...settings, outOfOrder: 'ignore' }, null);
    expect(ignore.kind).toBe('nothing');
    expect(ignore.ignored).toEqual([one]);
    expect(ignore.warnings.join()).toContain('V1_m.sql');
  });

  test('an applied file that was edited is refused', () => {
    const plan = planMigrate(scan([file('1', 'other')], [entry(one)]), settings, null);
    expect(codes(plan.problems)).toEqual(['CHECKSUM']);
    expect(plan.problems[0]?.facts.place?.file).toBe('V1_m.sql');
  });

  test('a repeatable migration runs again when its text changes, after the versioned ones', () => {
    const plan = planMigrate(
      scan([one, repeatable('view', 'new')], [entry(repeatable('view', 'old'))]),
      settings,
      null,
    );
    expect(ids(plan.steps)).toEqual(['1', 'R__view']);
    expect(plan.steps[1]?.reason).toBe('changed');
    expect(planMigrate(scan([repeatable('view')], [entry(repeatable('view'))]), settings, null).kind).toBe('nothing');
  });

  test('F48 a database that is ahead of the files is a warning, or an error when asked', () => {
    const state = scan([one], [entry(one), entry(three)]);
    const plan = planMigrate(state, settings, null);
    expect(plan.kind).toBe('nothing');
    expect(plan.ahead).toHaveLength(1);
    expect(plan.warnings.join()).toContain('ahead');
    expect(codes(planMigrate(state, { ...settings, onAhead: 'error' }, null).problems)).toEqual(['AHEAD']);
  });

  test('F49 an applied file that is gone is a warning, or an error when asked', () => {
    const state = scan([three], [entry(one), entry(three)]);
    expect(planMigrate(state, settings, null).missing).toHaveLength(1);
    expect(codes(planMigrate(state, { ...settings, onMissing: 'error' }, null).problems)).toEqual(['MISSING']);
  });

  test('the warning names one file, or some, in a sentence', () => {
    const warned = (...gone: readonly MigrationFile[]): readonly string[] =>
      planMigrate(scan([three], [...gone.map((file) => entry(file)), entry(three)]), settings, null).warnings;
    expect(warned(one)).toEqual([`${one.file} is gone, but applied.`]);
    expect(warned(one, two)).toEqual([`${one.file}, ${two.file} are gone, but applied.`]);
  });

  test('without the folder, the files are not called gone as well', () => {
    const problem = new DetentError('FOLDER_MISSING', 'There is no folder.');
    const plan = planMigrate({ ...scan([], [entry(one)]), problems: [problem] }, settings, null);
    expect(codes(plan.problems)).toEqual(['FOLDER_MISSING']);
    expect(plan.warnings).toEqual([]);
  });

  test('a baseline covers everything up to its version', () => {
    const plan = planMigrate(scan([one, two, three], [entry(two, 'baseline')]), settings, null);
    expect(ids(plan.steps)).toEqual(['3']);
    expect(plan.ignored).toEqual([one]);
  });

  test('an unknown state stops everything and names both ways to settle it', () => {
    const plan = planMigrate(scan([one, two], [entry(one, 'unknown')]), settings, null);
    expect(plan.kind).toBe('refused');
    expect(plan.problems[0]?.hint).toContain('detent resolve 1 --as applied');
    expect(plan.problems[0]?.hint).toContain('detent resolve 1 --as rolled_back');
  });

  test('whatever is applied: steps and applied migrations are disjoint, in order, and together all files', () => {
    const versions = fc.uniqueArray(fc.bigInt({ min: 1n, max: 10n ** 25n }).map(String), {
      minLength: 1,
      maxLength: 20,
    });
    fc.assert(
      fc.property(versions, fc.infiniteStream(fc.boolean()), (all, coin) => {
        const files = all.toSorted(compareVersions).map((version) => file(version));
        const entries = files
          .filter(() => coin.next().value === true)
          .map((item, index) => entry(item, 'applied', index + 1));
        const plan = planMigrate(scan(files, entries), { ...settings, outOfOrder: 'run' }, null);
        const planned = plan.steps.map(({ info }) => info.version ?? '');
        expect(planned).toEqual(planned.toSorted(compareVersions));
        expect(new Set([...planned, ...entries.map(({ version }) => version)]).size).toBe(files.length);
        expect(planned.length + entries.length).toBe(files.length);
      }),
    );
  });
});
