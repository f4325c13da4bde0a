import { DetentError, type ErrorFacts, type Statement } from '@detent/core';
import { connectionLost, factsOf, isFence, lockLost } from './errors.ts';
import type { Failure } from './failure.ts';
import { hintFor } from './hints.ts';
import { locate, MessageRefused } from './message.ts';
import { Refused } from './wire.ts';

/** What is known of a refusal beyond what the server said. */
export interface Circumstances {
  readonly target: string;
  readonly file: string;
  /** The sessions that were in the way, for people; empty when nobody could be asked. */
  readonly blockers: readonly string[];
  /** The run was told to stop. */
  readonly stopped: boolean;
}

/** Makes a typed error of what a message of statements came to; anything but a refusal is given back as it is. */
export function statementError(thrown: unknown, circumstances: Circumstances): unknown {
  if (!(thrown instanceof Refused)) return thrown;
  const { failure } = thrown;
  if (failure.kind === 'lost') return connectionLost(failure, circumstances.target, thrown.cause);
  if (isFence(failure)) return lockLost();
  const { part, position } = thrown instanceof MessageRefused ? locate(thrown) : { part: null, position: null };
  if (part?.statement === undefined) return thrown;
  return statementFailed(failure, part.statement, position, circumstances, thrown.cause);
}

/** Whether another try may succeed: somebody else had something locked. */
export function isLockTimeout(thrown: unknown): boolean {
  return thrown instanceof Refused && LOCKED.has(thrown.failure.code);
}

const LOCKED = new Set(['55P03', '40P01']);

function statementFailed(
  failure: Failure,
  statement: Statement,
  position: number | null,
  { file, blockers, stopped }: Circumstances,
  cause: unknown,
): DetentError {
  const facts: ErrorFacts = {
    ...factsOf(failure),
    place: placeOf(statement, file, position),
    statement: statement.text,
    ...(position === null ? {} : { position }),
    ...(blockers.length === 0 ? {} : { blockers }),
  };
  const where = `${file}:${statement.line}`;
  if (LOCKED.has(failure.code)) {
    const who = blockers.length === 0 ? '' : ` In the way: ${blockers.join('; ')}.`;
    return new DetentError('LOCK_TIMEOUT', `${where} could not get its lock: ${failure.message}.${who}`, {
      hint: 'Wait until the other session ends or end it, or allow longer with timeouts.lockMs or `-- detent:timeout lock=…`.',
      facts,
      cause,
    });
  }
  if (failure.code === '57014' && stopped) {
    return new DetentError('CANCELLED', `The run was stopped in ${where}.`, {
      hint: 'Run again to go on.',
      facts,
      cause,
    });
  }
  if (failure.code === '57014') {
    return new DetentError('STATEMENT_FAILED', `The server stopped the statement: ${failure.message}.`, {
      hint: 'Allow longer with timeouts.statementMs or `-- detent:timeout statement=…`; or somebody cancelled it.',
      facts,
      cause,
    });
  }
  const hint = hintFor(statement.text, failure, position);
  const detail = failure.detail === null ? '' : ` ${failure.detail}`;
  return new DetentError('STATEMENT_FAILED', `PostgreSQL refused the statement: ${failure.message}.${detail}`, {
    ...(hint === null ? {} : { hint }),
    facts,
    cause,
  });
}

function placeOf(
  { text, line, column }: Statement,
  file: string,
  position: number | null,
): { readonly file: string; readonly line: number; readonly column: number } {
  const before = text.slice(0, position ?? 0).split('\n');
  const last = before.at(-1) ?? '';
  return before.length === 1
    ? { file, line, column: column + last.length }
    : { file, line: line + before.length - 1, column: last.length + 1 };
}
