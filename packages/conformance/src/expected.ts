import {
  ERROR_CODES,
  type ErrorCode,
  type MigrationState,
  type RollbackOutcome,
  type RollbackStrategy,
  type TransactionMode,
} from '@detent/core';
import { idOf, type Draft, type Op } from './draft.ts';
import { takesEffect } from './effects.ts';
import { isAlone, isText, runBackward, runForward, type Abilities, type Forward } from './expected-course.ts';

/** A run upwards on a database on which `before` has taken effect and no migration is applied. */
export interface Scenario {
  readonly strategy: RollbackStrategy;
  readonly mode: TransactionMode;
  readonly before: readonly Op[];
  readonly drafts: readonly Draft[];
}

/** The end of a run as the lifecycle documents it. */
export interface Expectation {
  readonly exit: number;
  /** Codes of the errors, the first error first. */
  readonly errors: readonly ErrorCode[];
  readonly executed: readonly string[];
  readonly rolledBack: readonly string[];
  readonly rollback: RollbackOutcome;
  /** Rows of the history; what is absent never ran. */
  readonly states: Readonly<Record<string, MigrationState>>;
  /** What stands, in order. */
  readonly trail: readonly Op[];
  /** `null`: the run makes no backup. */
  readonly backupKept: boolean | null;
}

/** The model of lifecycle.md: what a failure does. Pure, and written without a look at the code it judges. */
export function expectedEnd(scenario: Scenario, abilities: Abilities): Expectation {
  const refusal = refusalOf(scenario, abilities);
  const { strategy, mode, before, drafts } = scenario;
  const makesBackup = strategy === 'backup' || strategy === 'both';
  if (refusal.length > 0) {
    return { ...NOTHING, exit: 4, errors: refusal, trail: before, backupKept: null };
  }
  const forward = runForward(drafts, mode, before, abilities);
  const states: Record<string, MigrationState> = {};
  for (const { draft } of forward.done) states[idOf(draft)] = 'applied';
  const doneIds = forward.done.map(({ draft }) => idOf(draft));
  const { failed } = forward;
  if (failed === null) {
    return { ...NOTHING, executed: doneIds, states, trail: forward.trail, backupKept: makesBackup ? false : null };
  }
  states[idOf(failed.draft)] = 'failed';
  const first: ErrorCode = isText(failed.draft, abilities) ? 'STATEMENT_FAILED' : 'SCRIPT_FAILED';
  const standing = [...(failed.undone ? [] : [failed.draft]), ...forward.done.map(({ draft }) => draft).toReversed()];
  const end = { exit: ERROR_CODES[first], errors: [first], executed: doneIds, states, trail: forward.trail };
  if (standing.length === 0) {
    return { ...NOTHING, ...end, rolledBack: forward.takenBack.map(idOf), backupKept: makesBackup ? false : null };
  }
  switch (strategy) {
    case 'none':
      return failed.undone ? { ...NOTHING, ...end } : { ...NOTHING, ...end, exit: 5, rollback: 'incomplete' };
    case 'down': {
      const back = runBackward(standing, forward, abilities);
      for (const draft of standing) states[idOf(draft)] = 'rolling_back';
      for (const draft of back.reversed) states[idOf(draft)] = 'rolled_back';
      const rolledBack = back.reversed.map(idOf);
      const executed = doneIds.filter((id) => !rolledBack.includes(id));
      const common = { ...NOTHING, ...end, executed, rolledBack, trail: back.trail };
      return back.complete
        ? { ...common, rollback: 'complete' }
        : { ...common, rollback: 'incomplete', exit: 5, errors: [first, 'DOWN_FAILED'] };
    }
    case 'backup':
    case 'both': {
      const doubts = strategy === 'backup' ? [] : doubtsOf(standing, forward, before, abilities);
      for (const draft of standing) states[idOf(draft)] = 'rolled_back';
      return {
        ...end,
        errors: [first, ...doubts],
        executed: [],
        rolledBack: standing.map(idOf),
        rollback: 'complete',
        trail: before,
        backupKept: false,
      };
    }
  }
}

const NOTHING: Expectation = {
  exit: 0,
  errors: [],
  executed: [],
  rolledBack: [],
  rollback: 'none-needed',
  states: {},
  trail: [],
  backupKept: null,
};

/** What validation refuses, for each migration in turn. */
function refusalOf({ strategy, mode, drafts }: Scenario, abilities: Abilities): ErrorCode[] {
  /** Said last, after what is wrong with each. */
  const wholes: ErrorCode[] = [];
  const ofDrafts = drafts.flatMap((draft): ErrorCode[] => {
    const problems: ErrorCode[] = [];
    const isScript = isText(draft, abilities);
    if (mode === 'all' && draft.transaction === 'none') problems.push('TRANSACTION_UNFIT');
    else if (mode === 'all' && !abilities.together) wholes.push('TRANSACTION_UNFIT');
    else if (mode === 'all' && isScript)
      problems.push(...draft.up.filter((op) => isAlone(op, abilities)).map(() => 'TRANSACTION_UNFIT' as const));
    if (strategy === 'down' && draft.down === null) problems.push('DOWN_MISSING');
    return problems;
  });
  const needsBackup = strategy === 'backup' || strategy === 'both';
  return [...ofDrafts, ...wholes, ...(needsBackup && !abilities.backups ? (['BACKUP_UNFIT'] as const) : [])];
}

/** Why `both` does not trust the way back and restores; empty when it leads exactly to where the run began. */
function doubtsOf(
  standing: readonly Draft[],
  forward: Forward,
  before: readonly Op[],
  abilities: Abilities,
): ErrorCode[] {
  if (standing.some((draft) => draft.down === null)) return [];
  const back = runBackward(standing, forward, abilities);
  if (!back.complete) return ['DOWN_FAILED'];
  return sameEnd(back.trail, before) ? [] : ['ROLLBACK_DIFFERS'];
}

/** Whether two trails lead to the same tables, columns and rows. */
function sameEnd(a: readonly Op[], b: readonly Op[]): boolean {
  const probes = [...a, ...b].flatMap((op): Op[] => {
    switch (op.kind) {
      case 'create':
      case 'drop':
        return [{ kind: 'create', table: op.table }];
      case 'add-column':
      case 'drop-column':
        return [{ kind: 'drop-column', table: op.table, column: op.column }];
      case 'insert':
      case 'remove':
        return [{ kind: 'insert', table: op.table, id: op.id }];
      case 'refused':
      case 'alone':
        return [];
    }
  });
  return probes.every((probe) => takesEffect(a, probe) === takesEffect(b, probe));
}
