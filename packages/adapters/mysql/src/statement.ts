import { DetentError, type ErrorFacts, type Statement } from '@detent/core';
import { connectionLost, factsOf, LOCKED } from './errors.ts';
import type { Failure } from './failure.ts';
import { hintFor } from './hints.ts';
import { positionIn } from './position.ts';
import { masked } from './secrets.ts';
import { Refused } from './wire.ts';

/** What is known of a refusal beyond what the server said. */
export interface Circumstances {
  readonly target: string;
  readonly file: string;
  readonly statement: Statement;
  /** Sessions that may have been in the way, for people. */
  readonly blockers: readonly string[];
  /** The run was told to stop. */
  readonly stopped: boolean;
  /** What the server said when it was asked. */
  readonly detail: string | null;
}

/** Makes a typed error of what a statement came to; anything but a refusal is given back as it is. */
export function statementError(thrown: unknown, circumstances: Circumstances): unknown {
  if (!(thrown instanceof Refused)) return thrown;
  const { failure, cause } = thrown;
  if (failure.kind === 'lost') return connectionLost(failure, circumstances.target, cause);
  return statementFailed(failure, circumstances, cause);
}

/** Whether another try may succeed: somebody else had something locked. */
export function isLockTimeout(thrown: unknown): boolean {
  return thrown instanceof Refused && LOCKED.has(thrown.failure.code);
}

function statementFailed(
  given: Failure,
  { file, statement, blockers, stopped, detail }: Circumstances,
  cause: unknown,
): DetentError {
  const more = detail === null ? '' : `: ${masked(detail).replace(/\.$/, '')}`;
  const failure = { ...given, message: `${masked(given.message)}${more}` };
  const position = positionIn(statement.text, failure);
  const facts: ErrorFacts = {
    ...factsOf(failure),
    place: placeOf(statement, file, position),
    statement: masked(statement.text),
    ...(position === null ? {} : { position }),
    ...(blockers.length === 0 ? {} : { blockers }),
  };
  const where = `${file}:${statement.line}`;
  if (LOCKED.has(failure.code)) {
    const who = blockers.length === 0 ? '' : ` Perhaps in the way: ${blockers.join('; ')}.`;
    return new DetentError('LOCK_TIMEOUT', `${where} could not get its lock: ${failure.message}.${who}`, {
      hint: 'Wait until the other session ends or end it, or allow longer with timeouts.lockMs or `-- detent:timeout lock=…`.',
      facts,
      cause,
    });
  }
  if (failure.code === '1317' && stopped) {
    return new DetentError('CANCELLED', `The run was stopped in ${where}.`, {
      hint: 'Run again to go on.',
      facts,
      cause,
    });
  }
  if (STOPPED.has(failure.code)) {
    return new DetentError('STATEMENT_FAILED', `The server stopped the statement: ${failure.message}.`, {
      hint: 'Allow longer with timeouts.statementMs or `-- detent:timeout statement=…`; or somebody cancelled it.',
      facts,
      cause,
    });
  }
  const hint = hintFor(statement.text, failure, position);
  return new DetentError('STATEMENT_FAILED', `The server refused the statement: ${failure.message}.`, {
    ...(hint === null ? {} : { hint }),
    facts,
    cause,
  });
}

const STOPPED = new Set(['1317', '1969', '3024']);

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
