import { compareVersions } from './version.ts';
import { matchesChecksum, type ChecksumMatch } from './checksum.ts';
import type { HistoryEntry, MigrationState } from '../ports/history.ts';
import type { MigrationFile } from '../ports/source.ts';

const IN_THE_MIDDLE: ReadonlySet<MigrationState> = new Set(['running', 'rolling_back', 'restoring']);
const STANDING: ReadonlySet<MigrationState> = new Set(['applied', 'baseline']);

/** Whether the migration counts as done. */
export function isApplied(entry: HistoryEntry): boolean {
  return STANDING.has(entry.state);
}

/** Whether a run is in the middle of something, or died there. */
export function isStuck(entries: readonly HistoryEntry[]): boolean {
  return entries.some(({ state }) => state !== 'applied' && IN_THE_MIDDLE.has(state));
}

/**
 * How a file compares with what was applied. A migration applied as TypeScript and deployed as what was compiled of
 * it, or the other way round, has no text in common to compare.
 */
export function matchesApplied(entry: HistoryEntry, file: MigrationFile): ChecksumMatch {
  const isCode = file.up.kind === 'code';
  const isOtherForm = isCode && file.twin === null && isTypeScript(entry.file) !== isTypeScript(file.file);
  return isOtherForm ? 'same' : matchesChecksum(entry, file);
}

function isTypeScript(file: string): boolean {
  return /\.[mc]?ts$/u.test(file);
}

/** Sorts what was found into what is to run, what ran and what is passed over. Pure; the history is not looked at twice. */
export class MigrationScriptSelector {
  readonly #byId: ReadonlyMap<string, HistoryEntry>;
  /** The highest version that is applied, and the version up to which a baseline covers everything. */
  readonly newestApplied: string | null;
  readonly baseline: string | null;

  constructor(entries: readonly HistoryEntry[]) {
    this.#byId = new Map(entries.map((entry) => [entry.id, entry]));
    this.newestApplied = highest(entries.filter(isApplied));
    this.baseline = highest(entries.filter((entry) => entry.state === 'baseline'));
  }

  entryOf(file: MigrationFile): HistoryEntry | undefined {
    return this.#byId.get(file.id);
  }

  /** Not applied, not covered by a baseline, or repeatable and changed. In the order given. */
  getPending(files: readonly MigrationFile[]): MigrationFile[] {
    return files.filter((file) => this.#isPending(file));
  }

  /** Covered by a baseline. In the order given. */
  getIgnored(files: readonly MigrationFile[]): MigrationFile[] {
    return files.filter((file) => this.#isBelowBaseline(file) && !this.#isStanding(file));
  }

  /** Pending although a higher version is applied. */
  isOutOfOrder(file: MigrationFile): boolean {
    return (
      file.version !== null && this.newestApplied !== null && compareVersions(file.version, this.newestApplied) < 0
    );
  }

  #isPending(file: MigrationFile): boolean {
    if (this.#isBelowBaseline(file)) return false;
    const entry = this.#byId.get(file.id);
    if (entry === undefined || !isApplied(entry)) return true;
    return file.kind === 'repeatable' && matchesApplied(entry, file) === 'different';
  }

  #isBelowBaseline(file: MigrationFile): boolean {
    return file.version !== null && this.baseline !== null && compareVersions(file.version, this.baseline) <= 0;
  }

  #isStanding(file: MigrationFile): boolean {
    const entry = this.#byId.get(file.id);
    return entry !== undefined && isApplied(entry);
  }
}

function highest(entries: readonly HistoryEntry[]): string | null {
  let best: string | null = null;
  for (const { version } of entries) {
    if (version !== null && (best === null || compareVersions(version, best) > 0)) best = version;
  }
  return best;
}
