import { DetentError, type ErrorFacts, type Statement } from '@detent/core';
import { failureFrom, type Failure } from './failure.ts';
import { Refused } from './wire.ts';

/** In an error of Detent's own making: what the fence says when the token is not the lock's any more. */
export const FENCE = 'detent: this run does not hold the lock any more';

export function isFence({ message }: Failure): boolean {
  return message.includes(FENCE);
}

/** Everything about a failure that a program or a person may want. Never a value that was bound, never a password. */
export function factsOf(failure: Failure): ErrorFacts {
  const { code, message, detail, where, constraint, table } = failure;
  return {
    server: message,
    ...(code === '' ? {} : { serverCode: code }),
    ...(detail === null ? {} : { detail }),
    ...(where === null ? {} : { where }),
    ...(constraint === null ? {} : { constraint }),
    ...(table === null ? {} : { table }),
  };
}

/** Makes a typed error of what went wrong outside any statement of a migration; anything else is given back as it is. */
export function translate(thrown: unknown, target: string): unknown {
  if (!(thrown instanceof Refused)) return thrown;
  const { failure } = thrown;
  const details = { facts: factsOf(failure), cause: thrown.cause };
  if (failure.kind === 'lost') return connectionLost(failure, target, thrown.cause);
  if (isFence(failure)) return lockLost();
  switch (failure.code) {
    case '55P03':
    case '40P01':
      return new DetentError('LOCK_TIMEOUT', `Another session has one of Detent's tables locked: ${failure.message}.`, {
        hint: 'Look at pg_stat_activity for who it is, and start again.',
        ...details,
      });
    case '25006':
      return new DetentError('READ_ONLY', `${target} cannot be written to: ${failure.message}.`, {
        hint: 'Connect to the primary, and see that default_transaction_read_only is off.',
        ...details,
      });
    case '42501':
      return new DetentError('READ_ONLY', `This user may not keep the history: ${failure.message}.`, {
        hint: 'Grant it CREATE and USAGE on the schema, or name one of its own with `schema`.',
        ...details,
      });
    case '57014':
      return new DetentError('CANCELLED', `The server stopped the statement: ${failure.message}.`, {
        hint: 'Start again.',
        ...details,
      });
    case '53100':
      return new DetentError('STATEMENT_FAILED', `The server's disk is full: ${failure.message}.`, {
        hint: 'Free some space and start again.',
        ...details,
      });
    default:
      return new DetentError(
        'INTERNAL',
        `PostgreSQL refused a statement of Detent's own: ${failure.message}.`,
        details,
      );
  }
}

export function connectionLost(failure: Failure, target: string, cause: unknown): DetentError {
  // Detent dropped it by itself.
  if (cause instanceof DetentError && cause.code === 'LOCK_LOST') return cause;
  const words = failure.code === '57P01' ? 'An administrator ended the connection' : 'The connection broke';
  return new DetentError('CONNECTION', `${words} to ${target}: ${failure.message}.`, {
    hint: 'Start again: what was committed is in the history, and everything else was rolled back by the server.',
    facts: factsOf(failure),
    cause,
  });
}

/** Of what was thrown while the connection was already gone: what code makes of that is not what went wrong. */
export function translateLoss(thrown: unknown, target: string, dropped: DetentError | null): unknown {
  if (dropped !== null) return dropped;
  if (!(thrown instanceof DetentError) || thrown.code !== 'SCRIPT_FAILED') return translate(thrown, target);
  const failure = failureFrom(thrown.cause);
  return failure.kind === 'lost' ? connectionLost(failure, target, thrown) : thrown;
}

/** The connection broke while the answer to a COMMIT was awaited, and nobody could be asked how it ended. */
export function commitUnknown(target: string, cause: unknown): DetentError {
  return new DetentError(
    'CONNECTION',
    `The connection to ${target} broke while a transaction was being committed, and its end could not be asked for.`,
    {
      hint: 'Start again: the history tells whether it was committed, and the next run goes by that.',
      facts: { commit: 'unknown' },
      cause,
    },
  );
}

/** What people can do about a connection that does not come about. */
export function connectFailed(
  failure: Failure,
  target: string,
  signal: AbortSignal | undefined,
  cause: unknown,
  /** What else may be the reason. */
  remark: string | null = null,
): DetentError {
  if (signal?.aborted === true) return new DetentError('CANCELLED', 'Stopped while connecting.', { cause });
  return new DetentError('CONNECTION', `Cannot connect to ${target}: ${failure.message}.`, {
    hint: remark === null ? connectHint(failure) : `${connectHint(failure)} ${remark}`,
    facts: factsOf(failure),
    cause,
  });
}

function connectHint({ code, message }: Failure): string {
  if (/valid client certificate/.test(message))
    return 'Name yours by PGSSLCERT and PGSSLKEY, or by ssl: { cert, key }.';
  if (code === '28000' && message.endsWith('no encryption'))
    return 'Perhaps it lets this user in with encryption only: take sslmode=require.';
  const known = CONNECT_HINTS[code];
  if (known !== undefined) return known;
  if (/timeout|in time/i.test(message))
    return 'Check host, port and firewall, or allow longer with timeouts.connectMs.';
  if (/password must be a string|no password/i.test(message))
    return 'Give the password in the URL, in PGPASSWORD, in ~/.pgpass or by the option `password`.';
  if (/channel binding/.test(message)) return 'Leave channel_binding out, or ask the administrator for scram-sha-256.';
  if (/altname|does not match certificate/i.test(message))
    return "Connect by a name that stands in the server's certificate.";
  if (/self.signed|unable to (?:verify|get)|UNABLE_TO/i.test(message))
    return 'Name the authority that signed it by PGSSLROOTCERT or ssl: { ca }.';
  if (/does not support SSL/.test(message)) return "The server has no encryption; `ssl: 'disable'` does without.";
  if (/SSL|certificate/i.test(message))
    return "Choose the encryption with `ssl`: 'disable', 'require', 'verify-full' or { ca }.";
  return 'Check host, port, user and database.';
}

const CONNECT_HINTS: Readonly<Record<string, string>> = {
  ECONNREFUSED: 'Nobody listens there: is the server running, and are host and port right?',
  ENOTFOUND: 'There is no host of that name.',
  EAI_AGAIN: 'The name of the host could not be looked up; try again.',
  ENOENT: 'There is no socket of a server in that folder.',
  ETIMEDOUT: 'Nobody answers there: check host, port and firewall.',
  '28P01': 'User or password is wrong.',
  '28000': 'The server does not let this user in from here; see its pg_hba.conf.',
  '3D000': 'Create the database first, or correct its name.',
  '53300': 'The server has no connection left; close some, or wait.',
  '57P03': 'The server is starting up or shutting down; try again, or wait with timeouts.waitMs.',
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
      hint: "Take COMMIT, END and ROLLBACK out of it, or give it `transaction: 'none'` and let it keep its own.",
      facts,
      cause,
    },
  );
}

export const DIRECT = 'Give `directUrl`, which leads to the server itself.';

/** `statement`: what it is that cannot run; nothing for code. */
export function needsDirect(file: string, line: number, statement?: Pick<Statement, 'text' | 'column'>): DetentError {
  return new DetentError(
    'STATEMENT_FAILED',
    `${file}:${line} runs outside of a transaction, where no lock holds behind a pooler.`,
    {
      hint: DIRECT,
      facts: {
        place: { file, line, column: statement?.column ?? 1 },
        ...(statement === undefined ? {} : { statement: statement.text }),
      },
    },
  );
}
