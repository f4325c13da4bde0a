import type { Settings } from '../config.ts';
import { DetentError, type Problem } from '../errors.ts';
import type { HistoryEntry } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import type { Scan } from '../scan/scanner.ts';
import { isApplied, MigrationScriptSelector } from '../scan/selector.ts';
import { compareVersions, normalizeVersion } from '../scan/version.ts';
import { nearest } from '../nearest.ts';
import { compareWithHistory } from './history-check.ts';
import { planOf, stepInfo, type Plan, type PlannedStep } from './plan.ts';

export type PlanSettings = Pick<Settings, 'outOfOrder' | 'onAhead' | 'onMissing'>;

/** Plans a run upwards, to `to` or to the end. Pure. */
export function planMigrate(scan: Scan, settings: PlanSettings, to: string | null): Plan {
  if (to === null && isUnchanged(scan)) return nothingToDo(scan);
  const selector = new MigrationScriptSelector(scan.history.entries);
  const check = compareWithHistory(scan, settings);
  const problems: Problem[] = [...scan.problems, ...check.problems];
  const warnings: string[] = [...check.warnings];
  const ignored: MigrationFile[] = selector.getIgnored(scan.files);
  const steps: PlannedStep[] = [];

  if (to !== null) problems.push(...checkTarget(to, scan));
  for (const file of selector.getPending(scan.files)) {
    if (to !== null && (file.version === null || compareVersions(file.version, to) > 0)) continue;
    const entry = selector.entryOf(file) ?? null;
    const reason = reasonFor(file, entry, selector);
    if (reason === 'out-of-order' && settings.outOfOrder === 'ignore') {
      ignored.push(file);
      warnings.push(`${file.file} is older than ${selector.newestApplied}, which is applied, and is ignored.`);
      continue;
    }
    if (reason === 'out-of-order' && settings.outOfOrder === 'error')
      problems.push(outOfOrder(file, selector.newestApplied));
    steps.push({ info: stepInfo(file, 'up'), file, entry, reason });
  }
  return planOf({
    operation: 'migrate',
    steps,
    migrated: scan.history.entries.filter(isApplied),
    ignored,
    missing: check.missing,
    ahead: check.ahead,
    problems,
    warnings,
  });
}

/** Files and history side by side, each applied as it is now: what nearly every start finds. */
function isUnchanged({ files, history, problems }: Scan): boolean {
  const { entries } = history;
  if (problems.length > 0 || files.length !== entries.length) return false;
  return entries.every(({ id, state, rawChecksum }, index) => {
    const file = files[index];
    return state === 'applied' && file?.id === id && file.rawChecksum === rawChecksum;
  });
}

function nothingToDo({ history }: Scan): Plan {
  const none = { steps: [], ignored: [], missing: [], ahead: [], problems: [], warnings: [] };
  return planOf({ operation: 'migrate', migrated: history.entries, ...none });
}

function reasonFor(
  file: MigrationFile,
  entry: HistoryEntry | null,
  selector: MigrationScriptSelector,
): PlannedStep['reason'] {
  if (file.kind === 'repeatable') return entry !== null && isApplied(entry) ? 'changed' : 'pending';
  if (entry !== null && (entry.state === 'running' || entry.state === 'failed')) return 'interrupted';
  return selector.isOutOfOrder(file) ? 'out-of-order' : 'pending';
}

function outOfOrder(file: MigrationFile, newest: string | null): Problem {
  return new DetentError('OUT_OF_ORDER', `${file.file} is older than version ${newest}, which is already applied.`, {
    hint: 'Give it a newer version, or set outOfOrder to "run" or "ignore".',
    facts: { place: { file: file.file } },
  });
}

/** A version that is neither a file nor in the history is a mistake. */
export function checkTarget(to: string, scan: Scan): Problem[] {
  const versions = [...scan.files, ...scan.history.entries].flatMap(({ version }) =>
    version === null ? [] : [version],
  );
  if (normalizeVersion(to) === '0' || versions.some((version) => compareVersions(version, to) === 0)) return [];
  const near = nearest(to, versions);
  return [
    new DetentError('TARGET_UNKNOWN', `There is no migration with version ${to}.`, {
      hint:
        near === null
          ? 'See `detent status` for the versions there are.'
          : `The nearest is ${near}; see \`detent status\` for all.`,
    }),
  ];
}
