import { DetentError, type ErrorFacts } from '@detent/core';

/** What the driver or the server said. */
export interface Failure {
  readonly code: number | null;
  readonly codeName: string;
  readonly message: string;
  /** The driver's class: `MongoServerSelectionError`. */
  readonly kind: string;
}

/** `null` for an error that is not the driver's. */
export function failureOf(thrown: unknown): Failure | null {
  if (!(thrown instanceof Error) || !thrown.name.startsWith('Mongo')) return null;
  const { code, codeName } = thrown as Error & { readonly code?: unknown; readonly codeName?: unknown };
  return {
    code: typeof code === 'number' ? code : null,
    codeName: typeof codeName === 'string' ? codeName : '',
    message: thrown.message.replace(/\.$/, ''),
    kind: thrown.name,
  };
}

/** Codes of the server by name, as far as something here depends on them. */
export const CODE = {
  namespaceNotFound: 26,
  namespaceExists: 48,
  maxTimeExpired: 50,
  duplicateKey: 11_000,
} as const;

const DENIED: ReadonlySet<number> = new Set([13, 8_000]);
const WRONG_PASSWORD: ReadonlySet<number> = new Set([11, 18]);
/** The primary went away, or this was never one. */
const NO_PRIMARY: ReadonlySet<number> = new Set([91, 189, 10_107, 11_600, 11_602, 13_435, 13_436]);
const LOST_KINDS =
  /^Mongo(?:Network|ServerSelection|PoolClear|PoolClosed|ConnectionPool|TopologyClosed|NotConnected|ClientClosed)/;

/** Everything about a failure that a program or a person may want. Never a document, never a password. */
function factsOf({ code, codeName, message }: Failure): ErrorFacts {
  return { server: message, ...(code === null ? {} : { serverCode: codeName === '' ? String(code) : codeName }) };
}

/**
 * Makes a typed error of what went wrong in an operation of Detent's own; anything else is given back as it is.
 * `connecting`: before there was a session, when whatever goes wrong means that there is none.
 */
export function translate(thrown: unknown, target: string, connecting = false): unknown {
  const failure = failureOf(thrown);
  if (failure === null || thrown instanceof DetentError) return thrown;
  const { code, kind, message } = failure;
  const details = { facts: factsOf(failure), cause: thrown };
  if (code !== null && WRONG_PASSWORD.has(code))
    return new DetentError('CONNECTION', `${target} does not let this user in.`, {
      hint: 'Check user, password and authSource.',
      ...details,
    });
  if (connecting || LOST_KINDS.test(kind) || (code !== null && NO_PRIMARY.has(code)))
    return new DetentError('CONNECTION', `${target} cannot be reached: ${message}.`, {
      hint: 'Check host, port and the name of the replica set, and that the server has a primary.',
      ...details,
    });
  if (code === CODE.maxTimeExpired)
    return new DetentError('LOCK_TIMEOUT', `Another transaction has one of Detent's documents: ${message}.`, {
      hint: 'Wait until it ends, a minute at most, and start again.',
      ...details,
    });
  if (code !== null && DENIED.has(code))
    return new DetentError('READ_ONLY', `This user may not keep the history: ${message}.`, {
      hint: 'Give it the role readWrite and dbAdmin on the database.',
      ...details,
    });
  return new DetentError('INTERNAL', `MongoDB refused an operation of Detent's own: ${message}.`, details);
}

export function lockLost(facts: { readonly token?: number; readonly tokenNow?: number | null } = {}): DetentError {
  return new DetentError('LOCK_LOST', 'The lock is not held by this run any more: another one has taken over.', {
    hint: 'Nothing more was written. Look at `detent status` before you start again.',
    facts,
  });
}

export function readOnlySession(): DetentError {
  return new DetentError('READ_ONLY', 'This session was opened to look only.', {
    hint: 'Open it without readOnly to write.',
  });
}
