import { DetentError, type Problem } from '../errors.ts';
import type { HistoryEntry } from '../ports/history.ts';
import type { Scan } from '../scan/scanner.ts';
import { isApplied } from '../scan/selector.ts';
import { compareVersions } from '../scan/version.ts';
import { compareWithHistory } from './history-check.ts';
import { checkTarget, type PlanSettings } from './migrate.ts';
import { planOf, stepInfo, type Plan, type PlannedStep } from './plan.ts';

/** How far back: to a version, which stays applied (`0`: to the beginning), or a number of migrations. */
export type DownTarget = { readonly to: string } | { readonly steps: number };

/** Plans a run downwards along the order of application. Pure. */
export function planDown(scan: Scan, settings: PlanSettings, target: DownTarget): Plan {
  const check = compareWithHistory(scan, { ...settings, onMissing: 'warn', onAhead: 'warn' });
  const problems: Problem[] = [...scan.problems, ...check.problems];
  const applied = scan.history.entries.filter(isApplied);
  const chosen = choose(applied, target);
  if ('to' in target) problems.push(...checkTarget(target.to, scan));

  const halfway = scan.history.entries.find(({ state }) => state === 'running');
  if (halfway !== undefined) problems.push(halfWay(halfway));
  const baseline = chosen.find((entry) => entry.state === 'baseline');
  if (baseline !== undefined) {
    problems.push(
      new DetentError(
        'BASELINE',
        `Version ${baseline.version} is a baseline: nothing is known of what was before it.`,
        {
          hint: `Go back to ${baseline.version} at most.`,
        },
      ),
    );
  }
  return planOf({
    operation: 'down',
    steps: chosen.filter((entry) => entry.state !== 'baseline').map((entry) => downStep(scan, entry, 'requested')),
    migrated: applied,
    ignored: [],
    missing: check.missing,
    ahead: check.ahead,
    problems,
    warnings: check.warnings,
  });
}

/** Plans to undo the newest migration, or `version`, and to apply its file again. An edited file is what this is for. */
export function planRedo(scan: Scan, settings: PlanSettings, version: string | null): Plan {
  const check = compareWithHistory(scan, { ...settings, onMissing: 'warn', onAhead: 'warn' });
  const applied = scan.history.entries.filter(isApplied);
  const newest = choose(applied, { steps: 1 })[0];
  const entry =
    version === null
      ? newest
      : applied.find((item) => item.version !== null && compareVersions(item.version, version) === 0);
  const problems: Problem[] = [
    ...scan.problems,
    ...check.problems.filter((problem) => problem.facts.place?.file !== entry?.file),
  ];
  const steps: PlannedStep[] = [];
  if (entry === undefined) {
    problems.push(
      version === null
        ? new DetentError('TARGET_UNKNOWN', 'Nothing is applied, so there is nothing to do again.', {
            hint: 'Run `detent up`.',
          })
        : new DetentError('TARGET_UNKNOWN', `Version ${version} is not applied.`, { hint: 'See `detent status`.' }),
    );
  } else {
    const file = scan.files.find((item) => item.id === entry.id);
    if (entry.state === 'baseline' || file === undefined) {
      problems.push(
        new DetentError('MISSING', `${entry.file} has no file to apply again.`, {
          hint: 'Bring the file back, or use `detent down`.',
        }),
      );
    } else {
      steps.push(downStep(scan, entry, 'requested'), { info: stepInfo(file, 'up'), file, entry, reason: 'requested' });
    }
  }
  return planOf({
    operation: 'redo',
    steps,
    migrated: applied,
    ignored: [],
    missing: check.missing,
    ahead: check.ahead,
    problems,
    warnings: check.warnings,
  });
}

export function downStep(scan: Scan, entry: HistoryEntry, reason: PlannedStep['reason']): PlannedStep {
  const file = scan.files.find((item) => item.id === entry.id) ?? null;
  return { info: stepInfo(file ?? entry, 'down'), file, entry, reason };
}

function halfWay({ file, version, id }: HistoryEntry): Problem {
  return new DetentError('STATE', `${file} ran in part, so it is neither applied nor undone.`, {
    hint: `Finish it with \`detent up\`, or say what is so with \`detent resolve ${version ?? id} --as rolled_back\`.`,
    facts: { place: { file } },
  });
}

/** Newest first. Repeatable migrations have no place on the way back. */
function choose(applied: readonly HistoryEntry[], target: DownTarget): HistoryEntry[] {
  const order = applied.filter((entry) => entry.kind === 'versioned').toSorted(byApplication);
  if ('steps' in target) return order.slice(0, target.steps);
  return order.filter((entry) => entry.version !== null && compareVersions(entry.version, target.to) > 0);
}

function byApplication(a: HistoryEntry, b: HistoryEntry): number {
  return b.appliedOrder - a.appliedOrder || compareVersions(b.version ?? '0', a.version ?? '0');
}
