import { ERROR_CODES, type Problem } from '../errors.ts';
import type { LoadedStep } from '../validate/pending.ts';
import type { PlanReport } from '../run/check.ts';
import type { MigrationFile } from '../ports/source.ts';
import { exitCodeOf, type MigrationResult } from '../result.ts';
import type { MigrationRenderer } from './renderer.ts';
import { versionAfter } from './state.ts';
import { withoutPasswords } from './text.ts';

/** Writes what an operation gave as one JSON document. Events are not written. */
export function jsonRenderer(write: (text: string) => void): MigrationRenderer {
  const document = (value: object): void => write(`${withoutPasswords(JSON.stringify(value, null, 2))}\n`);
  const nothing = (): void => undefined;
  return {
    hear: nothing,
    drawLog: nothing,
    drawMigrated: nothing,
    drawIgnored: nothing,
    drawExecuted: (result) => document(resultDocument(result)),
    drawChanges: (result) => document({ ...result, exitCode: exitCodeOf(result) }),
    drawStatus: document,
    drawPlan: (report) => document(planDocument(report)),
    drawProblems: (problems) => document({ valid: problems.length === 0, problems }),
    drawVerification: (verification) => document({ valid: verification.problems.length === 0, ...verification }),
    drawHistory: (events) => document({ events }),
    drawError: (error) => document(errorDocument([error])),
  };
}

function errorDocument(errors: readonly Problem[]): object {
  const code = errors[0]?.code;
  return { success: false, exitCode: ERROR_CODES[code ?? 'INTERNAL'], errors };
}

function resultDocument(result: MigrationResult): object {
  const { success, operation, runId, ignored, ...rest } = result;
  return {
    success,
    operation,
    runId,
    exitCode: exitCodeOf(result),
    version: versionAfter(result),
    ...rest,
    ignored: ignored.map(fileDocument),
  };
}

/** Contents are functions, so only what identifies a file is written. */
function fileDocument({ id, version, name, kind, file, filepath, checksum }: MigrationFile): object {
  return { id, version, name, kind, file, filepath, checksum };
}

function planDocument({ plan, loaded, problems, warnings }: PlanReport): object {
  return {
    kind: problems.length > 0 ? 'refused' : plan.kind,
    operation: plan.operation,
    steps: plan.steps.map(({ info, reason }) => ({
      ...info,
      reason,
      ...actionDocument(loaded.steps.find((step) => step.info === info)),
    })),
    migrated: plan.migrated.length,
    ignored: plan.ignored.map(fileDocument),
    missing: plan.missing,
    problems,
    warnings,
  };
}

function actionDocument(step: LoadedStep | undefined): object {
  const action = step === undefined ? null : step.loaded[step.info.direction];
  if (action === null) return {};
  if (action.kind === 'code') return { action: 'code' };
  if (action.kind === 'stages')
    return { action: 'stages', stages: action.stages.map(({ name, kind }) => ({ name, kind })) };
  return {
    action: 'script',
    statements: action.statements.map(({ text, line, kind, destroys }) => ({ text, line, kind, destroys })),
  };
}
