import {
  ERROR_CODES,
  type ErrorCode,
  type MigrationState,
  type RollbackOutcome,
  type RollbackStrategy,
  type TransactionMode,
} from '@detent/core';
import { idOf, type Draft, type Op } from './draft.ts';
import { changesSchema, takesEffect } from './effects.ts';

/** A run upwards on a database on which `before` has taken effect and no migration is applied. */
export interface Scenario {
  readonly strategy: RollbackStrategy;
  readonly mode: TransactionMode;
  readonly before: readonly Op[];
  readonly drafts: readonly Draft[];
}

/** What of the database the end depends on. */
export interface Abilities {
  readonly transactionalDdl: boolean;
  /** Where there are none, stages stand for them. */
  readonly scripts: boolean;
  /** A run can be one transaction. */
  readonly together: boolean;
  readonly backups: boolean;
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

interface Forward {
  readonly done: readonly { readonly draft: Draft }[];
  readonly failed: { readonly draft: Draft; readonly undone: boolean; readonly stood: readonly Op[] } | null;
  readonly takenBack: readonly Draft[];
  readonly trail: readonly Op[];
}

function runForward(
  drafts: readonly Draft[],
  mode: TransactionMode,
  before: readonly Op[],
  abilities: Abilities,
): Forward {
  const done: { draft: Draft }[] = [];
  let trail = before;
  for (const draft of drafts) {
    const result = runOne(draft, draft.up, mode, trail, abilities);
    if (result.failed) {
      const isTakenBack = mode === 'all' && result.undone;
      if (isTakenBack)
        return {
          done: [],
          failed: { draft, undone: true, stood: [] },
          takenBack: done.map((item) => item.draft).toReversed(),
          trail: before,
        };
      const stood = result.trail.slice(trail.length);
      return { done, failed: { draft, undone: result.undone, stood }, takenBack: [], trail: result.trail };
    }
    trail = result.trail;
    done.push({ draft });
  }
  return { done, failed: null, takenBack: [], trail };
}

interface Outcome {
  readonly failed: boolean;
  /** Nothing of it stands: its transaction took it back, or it is known to have done nothing. */
  readonly undone: boolean;
  readonly trail: readonly Op[];
}

/** One migration in one direction: in one transaction, or piece by piece, where a failure leaves the pieces before it. */
function runOne(
  draft: Draft,
  ops: readonly Op[],
  mode: TransactionMode,
  trail: readonly Op[],
  abilities: Abilities,
): Outcome {
  const pieces = piecesOf(draft, ops, mode, abilities);
  let now = trail;
  for (const piece of pieces.list) {
    const begun = now;
    for (const op of piece) {
      if (takesEffect(now, op)) {
        now = [...now, op];
        continue;
      }
      const left = pieces.atomic ? trail : begun;
      const stands = left.slice(trail.length).filter(({ kind }) => kind !== 'alone' || !abilities.scripts);
      const isKnown = isPieces(draft) && stands.length === 0;
      return { failed: true, undone: pieces.atomic || isKnown, trail: left };
    }
  }
  return { failed: false, undone: false, trail: now };
}

/** `atomic`: its record is in the same transaction as all of its work. */
function piecesOf(
  draft: Draft,
  ops: readonly Op[],
  mode: TransactionMode,
  abilities: Abilities,
): { list: readonly (readonly Op[])[]; atomic: boolean } {
  const own = mode === 'all' ? 'all' : (draft.transaction ?? mode);
  if (own === 'all') return { list: [ops], atomic: true };
  if (!isPieces(draft)) {
    return own === 'each' && abilities.transactionalDdl
      ? { list: [ops], atomic: true }
      : { list: ops.map((op) => [op]), atomic: false };
  }
  const list: Op[][] = [];
  let canJoin = false;
  for (const op of ops) {
    const alone = isAlone(op, abilities);
    if (canJoin && !alone && own !== 'none' && abilities.scripts) list.at(-1)?.push(op);
    else list.push([op]);
    canJoin = !alone;
  }
  const [only] = list;
  const atomic =
    list.length === 0 ||
    (list.length === 1 && only !== undefined && only[0] !== undefined && !isAlone(only[0], abilities));
  return { list, atomic };
}

/** The way back: each migration by itself, newest first, up to the first that fails. */
function runBackward(
  standing: readonly Draft[],
  { failed, trail }: Forward,
  abilities: Abilities,
): { reversed: Draft[]; complete: boolean; trail: readonly Op[] } {
  const reversed: Draft[] = [];
  let now = trail;
  for (const draft of standing) {
    const whole = draft.down ?? [{ kind: 'refused' }];
    const isPart = draft === failed?.draft && isText(draft, abilities);
    const result = runOne(draft, isPart ? matchingPart(failed.stood, whole) : whole, 'each', now, abilities);
    now = result.trail;
    if (result.failed) return { reversed, complete: false, trail: now };
    reversed.push(draft);
  }
  return { reversed, complete: true, trail: now };
}

/** The end of a way back that undoes exactly what stood, where it is written command for command; else all of it. */
function matchingPart(stood: readonly Op[], down: readonly Op[]): readonly Op[] {
  const made: Op[] = [];
  for (const op of stood) {
    const goesAlong = 'table' in op && made.some((whole) => whole.kind === 'create' && whole.table === op.table);
    if (op.kind !== 'alone' && !goesAlong) made.push(op);
  }
  const back = down.filter(({ kind }) => kind !== 'alone');
  const rest = back.slice(0, Math.max(0, back.length - made.length));
  const part = back.slice(rest.length);
  const opposites = made.toReversed().map(oppositeOf);
  const matches = part.length === made.length && part.every((op, index) => thingOf(op) === opposites[index]);
  return matches && !rest.some((op) => opposites.includes(thingOf(op))) ? part : down;
}

const OPPOSITES: Readonly<Record<Op['kind'], Op['kind'] | null>> = {
  create: 'drop',
  drop: 'create',
  'add-column': 'drop-column',
  'drop-column': 'add-column',
  insert: 'remove',
  remove: 'insert',
  refused: null,
  alone: null,
};

/** What a command does to what, as far as its words tell: not which row. */
function thingOf(op: Op, kind: Op['kind'] | null = op.kind): string {
  return [kind, 'table' in op ? op.table : '', 'column' in op ? op.column : ''].join(' ');
}

function oppositeOf(op: Op): string {
  return thingOf(op, OPPOSITES[op.kind]);
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

/** Piece by piece: a script, or stages. */
function isPieces(draft: Draft): boolean {
  return draft.form !== 'code';
}

function isText(draft: Draft, abilities: Abilities): boolean {
  return isPieces(draft) && abilities.scripts;
}

function isAlone(op: Op, abilities: Abilities): boolean {
  return op.kind === 'alone' || (changesSchema(op) && !abilities.transactionalDdl);
}
