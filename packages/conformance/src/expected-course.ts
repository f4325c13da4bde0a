import type { TransactionMode } from '@detent/core';
import type { Draft, Op } from './draft.ts';
import { changesSchema, takesEffect } from './effects.ts';

/** What of the database the end depends on. */
export interface Abilities {
  readonly transactionalDdl: boolean;
  /** Where there are none, stages stand for them. */
  readonly scripts: boolean;
  /** A run can be one transaction. */
  readonly together: boolean;
  readonly backups: boolean;
}

export interface Forward {
  readonly done: readonly { readonly draft: Draft }[];
  readonly failed: { readonly draft: Draft; readonly undone: boolean; readonly stood: readonly Op[] } | null;
  readonly takenBack: readonly Draft[];
  readonly trail: readonly Op[];
}

/** What a run upwards does, up to the first migration that fails. */
export function runForward(
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
export function runBackward(
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

/** Piece by piece: a script, or stages. */
function isPieces(draft: Draft): boolean {
  return draft.form !== 'code';
}

export function isText(draft: Draft, abilities: Abilities): boolean {
  return isPieces(draft) && abilities.scripts;
}

export function isAlone(op: Op, abilities: Abilities): boolean {
  return op.kind === 'alone' || (changesSchema(op) && !abilities.transactionalDdl);
}
