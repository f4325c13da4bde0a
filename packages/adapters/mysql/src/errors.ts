import { DetentError, type ErrorFacts } from '@detent/core';
import { failureFrom, type Failure } from './failure.ts';
import { Refused } from './wire.ts';

/** Too large a number: only the fence makes one, and of Detent's own statements nothing else. */
const FENCE_CODE = '1690';

/** Everything about a failure that a program or a person may want. Never a value that was bound, never a password. */
export function factsOf({ code, state, message }: Failure): ErrorFacts {
  return {
    server: message,
    ...(code === '' ? {} : { serverCode: code }),
    ...(state === '' || state === 'HY000' ? {} : { sqlState: state }),
  };
}

/** Somebody else had something locked: a row, a table's definition, or both sides waited for each other. */
export const LOCKED: ReadonlySet<string> = new Set(['1205', '1213', '3058', '3572']);

/** Makes a typed error of what went wrong outside any statement of a migration; anything else is given back as it is. */
export function translate(thrown: unknown, target: string): unknown {
  if (!(thrown instanceof Refused)) return thrown;
  const { failure } = thrown;
  const details = { facts: factsOf(failure), cause: thrown.cause };
  if (failure.kind === 'lost') return connectionLost(failure, target, thrown.cause);
  if (failure.code === FENCE_CODE) return lockLost();
  if (LOCKED.has(failure.code))
    return new DetentError('LOCK_TIMEOUT', `Another session has one of Detent's tables locked: ${failure.message}.`, {
      hint: 'Look at SHOW PROCESSLIST for who it is, and start again.',
      ...details,
    });
  switch (failure.code) {
    case '1290':
    case '1792':
    case '1836':
      return new DetentError('READ_ONLY', `${target} cannot be written to: ${failure.message}.`, {
        hint: 'Connect to the primary, and see that read_only and super_read_only are off.',
        ...details,
      });
    case '1044':
    case '1142':
    case '1227':
    case '1410':
      return new DetentError('READ_ONLY', `This user may not keep the history: ${failure.message}.`, {
        hint: 'Grant it CREATE, SELECT, INSERT and UPDATE on the database, or name one of its own with `schema`.',
        ...details,
      });
    case '1317':
    case '1969':
      return new DetentError('CANCELLED', `The server stopped the statement: ${failure.message}.`, {
        hint: 'Start again.',
        ...details,
      });
    case '1021':
    case '1114':
      return new DetentError('STATEMENT_FAILED', `The server's disk is full: ${failure.message}.`, {
        hint: 'Free some space and start again.',
        ...details,
      });
    default:
      return new DetentError(
        'INTERNAL',
        `The server refused a statement of Detent's own: ${failure.message}.`,
        details,
      );
  }
}

export function connectionLost(failure: Failure, target: string, cause: unknown): DetentError {
  const words =
    failure.code === '1927' || failure.code === '3169' ? 'Somebody ended the connection' : 'The connection broke';
  return new DetentError('CONNECTION', `${words} to ${target}: ${failure.message}.`, {
    hint: 'Start again: the history tells how far it came, and the next run goes on from there.',
    facts: factsOf(failure),
    cause,
  });
}

/** Of what was thrown while the connection was already gone: what code makes of that is not what went wrong. */
export function translateLoss(thrown: unknown, target: string): unknown {
  if (!(thrown instanceof DetentError) || thrown.code !== 'SCRIPT_FAILED') return translate(thrown, target);
  const failure = failureFrom(thrown.cause);
  return failure.kind === 'lost' ? connectionLost(failure, target, thrown) : thrown;
}

/** The connection broke while the answer to a COMMIT was awaited. */
export function commitUnknown(target: string, cause: unknown): DetentError {
  return new DetentError('CONNECTION', `The connection to ${target} broke while a transaction was being committed.`, {
    hint: 'Start again: the history tells whether it was committed, and the next run goes by that.',
    facts: { commit: 'unknown' },
    cause,
  });
}

/** What people can do about a connection that does not come about. */
export function connectFailed(
  failure: Failure,
  target: string,
  signal: AbortSignal | undefined,
  cause: unknown,
): DetentError {
  if (signal?.aborted === true) return new DetentError('CANCELLED', 'Stopped while connecting.', { cause });
  return new DetentError('CONNECTION', `Cannot connect to ${target}: ${failure.message}.`, {
    hint: connectHint(failure),
    facts: factsOf(failure),
    cause,
  });
}

function connectHint({ code, message }: Failure): string {
  const known = CONNECT_HINTS[code];
  if (known !== undefined) return known;
  if (/timeout|in time/i.test(message))
    return 'Check host, port and firewall, or allow longer with timeouts.connectMs.';
  if (/SSL|TLS|certificate|self.signed/i.test(message))
    return "Choose the encryption with `tls`: 'disabled', 'required', 'verify-identity' or { ca }.";
  return 'Check host, port, user and database.';
}

const CONNECT_HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nobody listens there: is the server running, and are host and port right?',
  ENOTFOUND: 'There is no host of that name.',
  EAI_AGAIN: 'The name of the host could not be looked up; try again.',
  ENOENT: 'There is no socket of a server of that name.',
  ETIMEDOUT: 'Nobody answers there: check host, port and firewall, or allow longer with timeouts.connectMs.',
  HANDSHAKE_NO_SSL_SUPPORT: "The server does not encrypt; `tls: 'disabled'` takes it as it is.",
  '1040': 'The server has no connection left; close some, or raise max_connections.',
  '1044': 'User, password or the rights to this database are wrong.',
  '1045': 'User or password is wrong, or the user may not come from this host.',
  '1049': 'Create the database first, or correct its name.',
  '1130': 'The server lets nobody in from this host.',
  '1698': 'This user comes in by the socket only; use the option `socket`, or give it a password.',
  '3159': "The server wants encryption: `tls: 'required'`.",
};

export function lockLost(facts: ErrorFacts = {}): DetentError {
  return new DetentError(
    'LOCK_LOST',
    'This run does not hold the lock any more; another run or `detent unlock` took it.',
    { hint: 'Look at `detent status`, then start again.', facts },
  );
}

export function readOnlySession(): DetentError {
  return new DetentError('READ_ONLY', 'This session was opened to look only.', {
    hint: 'Open it without readOnly to write.',
  });
}

export function ended(facts: ErrorFacts = {}, cause?: unknown): DetentError {
  return new DetentError(
    'TRANSACTION_ENDED',
    'The migration ended the transaction that Detent had begun, so a part of it may stand.',
    {
      hint: 'Take COMMIT, ROLLBACK and calls of routines that commit out of it; a change of the schema commits too.',
      facts,
      cause,
    },
  );
}

export function readDifferently(executed: number, sent: number): DetentError {
  return new DetentError('INTERNAL', `The server executed ${executed} statements where Detent sent ${sent}.`, {
    hint: 'Please report the script; what it sent stands.',
  });
}
