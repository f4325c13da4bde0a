import type { LifecycleEvent } from '../events.ts';
import type { MigrationResult } from '../result.ts';
import { describeError, describeFailure, type Files, type ShowFile } from './failure.ts';
import { progressOf, type Progress } from './progress.ts';
import type { MigrationRenderer } from './renderer.ts';
import type { Screen } from './screen.ts';
import { atVersion, versionAfter } from './state.ts';
import { historyTable, ignoredTable, migratedTable, planTable, statusTable } from './tables.ts';
import { counted, harmless, milliseconds, wrap } from './text.ts';

export interface TerminalOptions {
  /** For results and progress. */
  readonly out: Screen;
  /** For errors and warnings. */
  readonly err: Screen;
  /** As given unless told. */
  readonly showFile?: ShowFile;
  /** The text of a migration, for the lines around an error; `null` when it cannot be had. */
  readonly readFile?: (file: string) => string | null;
  /** The database, as `DatabaseAdapter.target`, for who hears no run begin. */
  readonly target?: string;
  /** Results only, without progress. */
  readonly quiet?: boolean;
  /** Everything that is known, in full length. */
  readonly verbose?: boolean;
}

/** Draws for people: in a terminal with one live line, in a log line by line. */
export class TerminalRenderer implements MigrationRenderer {
  readonly #out: Screen;
  readonly #err: Screen;
  readonly #files: Files;
  readonly #quiet: boolean;
  readonly #verbose: boolean;
  readonly #progress: Progress | null;
  #target: string;
  #isRestored = false;
  #hasRun = false;

  constructor({
    out,
    err,
    showFile = (file) => file,
    readFile = () => null,
    target = 'The database',
    quiet = false,
    verbose = false,
  }: TerminalOptions) {
    this.#out = out;
    this.#err = err;
    this.#files = { showFile, readFile };
    this.#target = target;
    this.#quiet = quiet;
    this.#verbose = verbose;
    this.#progress = quiet ? null : progressOf(out);
  }

  hear(event: LifecycleEvent): void {
    if (event.kind === 'run-started') this.#target = event.target;
    if (event.kind === 'restore-finished') this.#isRestored = true;
    if (event.kind === 'planned') {
      this.#hasRun = true;
      if (this.#verbose) this.drawMigrated(event.plan.migrated);
      if (!this.#quiet) this.drawIgnored(event.plan.ignored);
    }
    this.#progress?.hear(event);
  }

  drawLog(message: string): void {
    const write = (): void => this.#err.write(`${harmless(message)}\n`);
    if (this.#progress === null) write();
    else this.#progress.interrupt(write);
  }

  drawMigrated(entries: Parameters<MigrationRenderer['drawMigrated']>[0]): void {
    this.#out.write(migratedTable(this.#out, entries));
  }

  drawIgnored(files: Parameters<MigrationRenderer['drawIgnored']>[0]): void {
    this.#out.write(ignoredTable(this.#out, files));
  }

  drawExecuted(result: MigrationResult): void {
    this.#warnings(result.warnings);
    if (!result.success) {
      const gap = this.#hasRun && !this.#quiet ? '\n' : '';
      this.#err.write(gap + describeFailure(this.#err, result, this.#isRestored, this.#files));
      return;
    }
    if (this.#quiet) return;
    const { paint, marks } = this.#out;
    this.#out.write(`${this.#hasRun ? '\n' : ''}${paint('good', marks.done)} ${this.#summary(result)}\n`);
    if (result.backup?.kept === true) this.#out.write(`  ${paint('faint', 'Backup')}  ${result.backup.path}\n`);
  }

  drawChanges({ success, errors, changes, warnings }: Parameters<MigrationRenderer['drawChanges']>[0]): void {
    this.#warnings(warnings);
    if (!success) this.#problems(errors);
    if (this.#quiet || !success) return;
    const { paint, marks } = this.#out;
    for (const { what, detail } of changes)
      this.#out.write(`${paint('good', marks.done)} ${what}: ${harmless(detail)}\n`);
    if (changes.length === 0) this.#out.write(`${paint('good', marks.done)} There was nothing to change.\n`);
  }

  drawStatus(status: Parameters<MigrationRenderer['drawStatus']>[0]): void {
    this.#out.write(statusTable(this.#out, status));
    this.#gap(status);
    this.#warnings(status.warnings);
    this.#problems(status.problems);
  }

  drawPlan(report: Parameters<MigrationRenderer['drawPlan']>[0]): void {
    const text = planTable(this.#out, report, this.#verbose);
    const { paint, marks } = this.#out;
    if (text !== '') this.#out.write(text);
    else if (report.problems.length === 0)
      this.#out.write(`${paint('good', marks.done)} Nothing would run: nothing is pending.\n`);
    if (text !== '') this.#gap(report);
    this.#warnings(report.warnings);
    this.#problems(report.problems);
  }

  drawProblems(problems: Parameters<MigrationRenderer['drawProblems']>[0]): void {
    this.#problems(problems);
    const { paint, marks } = this.#out;
    if (problems.length === 0 && !this.#quiet)
      this.#out.write(`${paint('good', marks.done)} Nothing speaks against a run.\n`);
  }

  drawVerification({ problems, warnings, recorded }: Parameters<MigrationRenderer['drawVerification']>[0]): void {
    this.#warnings(warnings);
    this.#problems(problems);
    if (problems.length > 0 || this.#quiet) return;
    const { paint, marks } = this.#out;
    const schema =
      recorded === null
        ? 'No run has recorded the schema since it last changed'
        : 'The schema is what the last run left';
    this.#out.write(`${paint('good', marks.done)} Files, history and ledger agree. ${schema}.\n`);
  }

  drawHistory(events: Parameters<MigrationRenderer['drawHistory']>[0]): void {
    this.#out.write(events.length === 0 ? 'Nothing has happened yet.\n' : historyTable(this.#out, events));
  }

  drawError(error: Parameters<MigrationRenderer['drawError']>[0]): void {
    this.#problems([error]);
  }

  #summary(result: MigrationResult): string {
    const { executed, migrated, operation, durationMs, skipped } = result;
    if (skipped !== undefined) {
      return `Skipped: the lock is held by ${skipped.username} on ${skipped.host} (process ${skipped.pid}).`;
    }
    const where = `${this.#target} is ${atVersion(versionAfter(result))}`;
    if (executed.length === 0) {
      const found = counted(migrated.length, 'migration');
      const more =
        migrated.length > 0 ? `, ${found} applied` : operation === 'migrate' ? ', and there is no migration' : '';
      return `Nothing to do: ${where}${more}.`;
    }
    const time = milliseconds(durationMs);
    if (operation === 'redo') return `Applied ${executed.at(-1)?.file ?? ''} again in ${time}; ${where}.`;
    return `${operation === 'down' ? 'Undid' : 'Applied'} ${counted(executed.length, 'migration')} in ${time}; ${where}.`;
  }

  #gap({ warnings, problems }: { readonly warnings: readonly unknown[]; readonly problems: readonly unknown[] }): void {
    if (warnings.length + problems.length > 0) this.#err.write('\n');
  }

  #warnings(warnings: readonly string[]): void {
    const { paint, marks, columns } = this.#err;
    for (const warning of new Set(warnings)) {
      const [head = '', ...more] = wrap(harmless(warning), columns - 4);
      this.#err.write(`${paint('warn', marks.warning)} ${head}\n${more.map((line) => `  ${line}\n`).join('')}`);
    }
  }

  #problems(problems: readonly Parameters<typeof describeError>[1][]): void {
    this.#err.write(problems.map((problem) => describeError(this.#err, problem, this.#files)).join('\n'));
  }
}
