import {
  ERROR_CODES,
  exitCodeOf,
  MigrationScriptExecutor,
  type MigrationResult,
  type MigrationStatus,
  type Options,
  type Settings,
  type Status,
} from '@detent/core';
import { screenOf, stateAfterFailure, TerminalRenderer } from '@detent/core/render';
import type { Inputs } from './inputs.ts';
import type { Log } from './log.ts';
import type { ReportFiles } from './markdown.ts';
import { EMPTY, type Report, type ReportRow } from './report.ts';

/** An executor whose run is told to the log. */
export interface Workplace {
  readonly executor: MigrationScriptExecutor;
  readonly renderer: TerminalRenderer;
  readonly files: ReportFiles;
}

export function openWorkplace(
  options: Options,
  log: Log,
  filesOf: (settings: Pick<Settings, 'migrations' | 'cwd'>) => ReportFiles,
): Workplace {
  const print = (message: string): void => log.write(`${message}\n`);
  const logger = { debug: () => undefined, info: print, warn: print, error: print };
  const executor = new MigrationScriptExecutor({ ...options, logger: options.logger ?? logger });
  const screen = { ...screenOf(process.stdout), isLive: false, write: (text: string) => log.write(text) };
  const files = filesOf(executor.settings);
  const renderer = new TerminalRenderer({ out: screen, err: screen, ...files });
  executor.on('*', (event) => renderer.hear(event));
  return { executor, renderer, files };
}

/** Does what a command asks of the configured database. */
export function runCommand(place: Workplace, inputs: Inputs, signal: AbortSignal): Promise<Report> {
  const to = inputs.to === null ? {} : { to: inputs.to };
  const { executor } = place;
  switch (inputs.command) {
    case 'apply':
      return changed(place, inputs, () => executor.migrate({ ...to, signal }));
    case 'down':
      return changed(place, inputs, () =>
        executor.down({ ...to, ...(inputs.steps === null ? {} : { steps: inputs.steps }), signal }),
      );
    case 'plan':
      return planned(place, to);
    case 'verify':
      return verified(place);
    case 'status':
    case 'check':
      return looked(place);
  }
}

async function changed(
  { executor, renderer }: Workplace,
  { command }: Inputs,
  work: () => Promise<MigrationResult>,
): Promise<Report> {
  const result = await work();
  renderer.drawExecuted(result);
  const status = await executor.status().catch(() => null);
  return {
    ...EMPTY,
    ...standing(status),
    command,
    target: executor.settings.adapter.target,
    exitCode: exitCodeOf(result),
    status: result.success ? 'ok' : exitCodeOf(result) === ERROR_CODES.STATE ? 'refused' : 'failed',
    applied: result.executed.filter(({ direction }) => direction === 'up').length,
    reverted: result.rolledBack.length + result.executed.filter(({ direction }) => direction === 'down').length,
    rows: rowsOf(result),
    notes: result.success ? [] : [stateAfterFailure(result)],
    errors: result.errors,
    warnings: result.warnings,
  };
}

export function rowsOf({ executed, failed, rolledBack }: MigrationResult): ReportRow[] {
  const none = { durationMs: null };
  return [
    ...executed.map(({ version, name, file, direction, durationMs }) => ({
      version,
      name,
      file,
      state: direction === 'up' ? 'applied' : 'undone',
      durationMs,
    })),
    ...(failed === undefined ? [] : [{ ...rowOf(failed), ...none, state: 'failed' }]),
    ...rolledBack
      .filter(({ id }) => id !== failed?.id)
      .map((step) => ({ ...rowOf(step), ...none, state: 'undone again' })),
  ];
}

function rowOf({
  version,
  name,
  file,
}: ReportRow | Pick<ReportRow, 'version' | 'name' | 'file'>): Omit<ReportRow, 'state' | 'durationMs'> {
  return { version, name, file };
}

async function planned({ executor, renderer }: Workplace, to: { readonly to?: string }): Promise<Report> {
  const report = await executor.plan(to);
  renderer.drawPlan(report);
  const { plan, problems, warnings } = report;
  const [first] = problems;
  return {
    ...EMPTY,
    ...standing(await executor.status()),
    command: 'plan',
    target: executor.settings.adapter.target,
    exitCode: first === undefined ? 0 : ERROR_CODES[first.code],
    status: first !== undefined ? 'refused' : plan.steps.length > 0 ? 'pending' : 'ok',
    rows: plan.steps.map(({ info }) => ({ ...rowOf(info), state: 'pending', durationMs: null })),
    errors: problems,
    warnings,
  };
}

async function verified({ executor, renderer }: Workplace): Promise<Report> {
  const verification = await executor.verify();
  renderer.drawVerification(verification);
  const [first] = verification.problems;
  return {
    ...EMPTY,
    ...standing(await executor.status()),
    command: 'verify',
    target: executor.settings.adapter.target,
    exitCode: first === undefined ? 0 : ERROR_CODES[first.code],
    status: first === undefined ? 'ok' : 'failed',
    errors: verification.problems,
    warnings: verification.warnings,
  };
}

async function looked({ executor, renderer }: Workplace): Promise<Report> {
  const status = await executor.status();
  renderer.drawStatus(status);
  const { problems } = status;
  const [first] = problems;
  const stands = standing(status);
  return {
    ...EMPTY,
    ...stands,
    command: 'status',
    target: status.target,
    exitCode: first === undefined ? 0 : ERROR_CODES[first.code],
    status: first !== undefined ? 'failed' : stands.pending > 0 ? 'pending' : 'ok',
    rows: status.migrations.map((migration) => ({ ...rowOf(migration), state: migration.status, durationMs: null })),
    errors: problems,
    warnings: status.warnings,
  };
}

/** Where the database stands, and where it would with nothing pending. */
export function standing(status: Status | null): Pick<Report, 'pending' | 'currentVersion' | 'targetVersion'> {
  if (status === null) return { pending: 0, currentVersion: null, targetVersion: null };
  const newest = status.migrations.findLast(({ version }) => version !== null);
  return {
    pending: status.migrations.filter(isPending).length,
    currentVersion: status.version,
    targetVersion: newest?.version ?? status.version,
  };
}

/** What did not end is taken up by the next run as what was never begun. */
function isPending({ status }: MigrationStatus): boolean {
  return status === 'pending' || status === 'running' || status === 'failed' || status === 'rolling_back';
}
