import { DetentError, type Problem } from '../errors.ts';
import type { HistoryEntry } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';
import type { Scan } from '../scan/scanner.ts';
import { isApplied, matchesApplied } from '../scan/selector.ts';
import { compareVersions } from '../scan/version.ts';
import type { PlanSettings } from './migrate.ts';

export interface HistoryCheck {
  readonly problems: readonly Problem[];
  readonly warnings: readonly string[];
  readonly missing: readonly HistoryEntry[];
  readonly ahead: readonly HistoryEntry[];
  /** Applied files whose text is not what was applied. */
  readonly edited: readonly { readonly file: MigrationFile; readonly entry: HistoryEntry }[];
}

/** What the history says of files that are gone, edited or above everything. Pure. */
export function compareWithHistory(scan: Scan, settings: Pick<PlanSettings, 'onAhead' | 'onMissing'>): HistoryCheck {
  const files = new Map(scan.files.map((file) => [file.id, file]));
  const newest = scan.files.findLast((file) => file.version !== null)?.version ?? null;
  const problems: Problem[] = [];
  const warnings: string[] = [];
  const missing: HistoryEntry[] = [];
  const ahead: HistoryEntry[] = [];
  const edited: { file: MigrationFile; entry: HistoryEntry }[] = [];

  for (const entry of scan.history.entries) {
    if (entry.state === 'unknown') problems.push(unknownState(entry));
    if (!isApplied(entry) || entry.state === 'baseline') continue;
    const file = files.get(entry.id);
    if (file === undefined) {
      const isAhead = entry.version !== null && newest !== null && compareVersions(entry.version, newest) > 0;
      (isAhead ? ahead : missing).push(entry);
      continue;
    }
    const match = entry.kind === 'repeatable' ? 'same' : matchesApplied(entry, file);
    if (match === 'different') {
      edited.push({ file, entry });
      problems.push(editedProblem(file));
    }
    if (match === 'canonical-only') warnings.push(`${file.file} has other line endings than when it was applied.`);
  }
  // Without the folder nothing is known of any file, and that is said already.
  if (!scan.problems.some(({ code }) => code === 'FOLDER_MISSING')) {
    report(ahead, settings.onAhead, aheadProblem, problems, warnings);
    report(missing, settings.onMissing, missingProblem, problems, warnings);
  }
  return { problems, warnings, missing: [...missing, ...ahead], ahead, edited };
}

function report(
  entries: readonly HistoryEntry[],
  policy: 'warn' | 'error',
  problem: (entries: readonly HistoryEntry[]) => Problem,
  problems: Problem[],
  warnings: string[],
): void {
  if (entries.length === 0) return;
  const found = problem(entries);
  if (policy === 'error') problems.push(found);
  else warnings.push(found.message);
}

function editedProblem(file: MigrationFile): Problem {
  const again = `detent redo ${file.version ?? file.id}`;
  return new DetentError('CHECKSUM', `${file.file} was edited after it was applied.`, {
    hint: `Undo the edit and write a new migration; or run it again with \`${again}\`; or accept the edit with \`detent repair\`.`,
    facts: { place: { file: file.file } },
  });
}

function aheadProblem(entries: readonly HistoryEntry[]): Problem {
  return new DetentError(
    'AHEAD',
    `The database is ahead of the files: ${listed(entries)} applied, with no file here.`,
    {
      hint: 'This is an older release of the application, or files were not deployed.',
    },
  );
}

function missingProblem(entries: readonly HistoryEntry[]): Problem {
  return new DetentError('MISSING', `${listed(entries)} gone, but applied.`, {
    hint: 'Bring the files back from version control, or take them out of the history with `detent mark --as rolled_back`.',
  });
}

export function unknownState(entry: HistoryEntry): Problem {
  const which = entry.version ?? entry.id;
  return new DetentError('UNKNOWN_STATE', `Nobody can know whether ${entry.file} ran to its end.`, {
    hint: `Look at the database, then say what is so: \`detent resolve ${which} --as applied\` or \`detent resolve ${which} --as rolled_back\`.`,
    facts: { place: { file: entry.file }, version: entry.version },
  });
}

function listed(entries: readonly HistoryEntry[]): string {
  const names = entries.slice(0, 5).map((entry) => entry.file);
  const more = entries.length - names.length;
  return more > 0
    ? `${names.join(', ')} and ${more} more are`
    : `${names.join(', ')} ${entries.length === 1 ? 'is' : 'are'}`;
}
