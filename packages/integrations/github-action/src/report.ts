import { describeError, type DetentError, type ErrorDocument } from '@detent/core';
import type { CommandName } from './inputs.ts';

export type ReportStatus = 'ok' | 'pending' | 'failed' | 'refused';

/** One migration in the report. */
export interface ReportRow {
  readonly version: string | null;
  readonly name: string;
  readonly file: string;
  /** In a word or two: `applied`, `pending`, `undone`, `failed`. */
  readonly state: string;
  readonly durationMs: number | null;
}

/** What a command came to. Everything that is shown is made of this. */
export interface Report {
  readonly command: CommandName | null;
  readonly status: ReportStatus;
  readonly exitCode: number;
  /** The database, fit for people. */
  readonly target: string | null;
  readonly applied: number;
  readonly pending: number;
  readonly reverted: number;
  readonly currentVersion: string | null;
  readonly targetVersion: string | null;
  readonly rows: readonly ReportRow[];
  /** What was tried, and how it went, in sentences. */
  readonly notes: readonly string[];
  readonly errors: readonly DetentError[];
  readonly warnings: readonly string[];
}

export const EMPTY: Report = {
  command: null,
  status: 'ok',
  exitCode: 0,
  target: null,
  applied: 0,
  pending: 0,
  reverted: 0,
  currentVersion: null,
  targetVersion: null,
  rows: [],
  notes: [],
  errors: [],
  warnings: [],
};

/** The outputs of the step, by name. */
export function outputsOf(report: Report): Readonly<Record<string, string>> {
  return {
    status: report.status,
    'exit-code': String(report.exitCode),
    'applied-count': String(report.applied),
    'pending-count': String(report.pending),
    'reverted-count': String(report.reverted),
    'current-version': report.currentVersion ?? '',
    'target-version': report.targetVersion ?? '',
    json: JSON.stringify(documentOf(report)),
  };
}

type ReportDocument = Omit<Report, 'errors'> & { readonly errors: readonly ErrorDocument[] };

function documentOf(report: Report): ReportDocument {
  return { ...report, errors: report.errors.map(describeError) };
}
