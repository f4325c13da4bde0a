/**
 * Every code, with the exit code of a process that ends because of it. docs/errors.md says what to do about each.
 * 1: failed, the database is back · 2: differences found by a check · 3: the lock is held · 4: refused before
 * anything ran · 5: failed and not completely undone · 64: bad usage or config · 69: cannot connect · 75: lock lost.
 */
export const ERROR_CODES = {
  CONFIG: 64,
  USAGE: 64,
  CONNECTION: 69,
  READ_ONLY: 69,
  LOCK_HELD: 3,
  LOCK_LOST: 75,
  LOCK_TIMEOUT: 1,
  FOLDER_MISSING: 4,
  FILE_NAME: 4,
  FILE_UNREADABLE: 4,
  FILE_ENCODING: 4,
  FILE_CHANGED: 4,
  VERSION_DUPLICATE: 4,
  NAME_COLLISION: 4,
  LAYOUT_MIXED: 4,
  DOWN_ORPHAN: 4,
  SCRIPT_SYNTAX: 4,
  SCRIPT_DIRECTIVE: 4,
  PLACEHOLDER: 4,
  MODULE_LOAD: 4,
  MODULE_EXPORTS: 4,
  CHECKSUM: 4,
  MISSING: 4,
  OUT_OF_ORDER: 4,
  AHEAD: 4,
  DOWN_MISSING: 4,
  TRANSACTION_UNFIT: 4,
  DESTRUCTIVE: 4,
  BACKUP_UNFIT: 4,
  TARGET_UNKNOWN: 4,
  CONFIRM: 4,
  HISTORY_FOREIGN: 4,
  HISTORY_NEWER: 4,
  HISTORY_DAMAGED: 4,
  BASELINE: 4,
  STATE: 4,
  STATEMENT_FAILED: 1,
  SCRIPT_FAILED: 1,
  TRANSACTION_ENDED: 1,
  FOREIGN_KEYS: 1,
  HOOK_FAILED: 1,
  DOWN_FAILED: 1,
  BACKUP_FAILED: 1,
  BACKUP_DAMAGED: 1,
  CANCELLED: 1,
  RESTORE_FAILED: 5,
  RESTORE_BLOCKED: 5,
  ROLLBACK_DIFFERS: 5,
  UNKNOWN_STATE: 5,
  PENDING: 2,
  DRIFT: 2,
  INTERNAL: 5,
} as const;

export type ErrorCode = keyof typeof ERROR_CODES;

/** A place in a file, 1-based. */
export interface Place {
  readonly file: string;
  readonly line?: number;
  readonly column?: number;
}

export interface ErrorFacts {
  readonly place?: Place;
  /** The statement as sent, and where in it the server saw the error, counting characters from 0. */
  readonly statement?: string;
  readonly position?: number;
  /** What the server said, and the code it gave. */
  readonly server?: string;
  readonly serverCode?: string;
  /** Anything else that a program may want. Never a secret. */
  readonly [fact: string]: unknown;
}

export interface ErrorDetails {
  /** The next step, as one sentence. */
  readonly hint?: string;
  readonly facts?: ErrorFacts;
  readonly cause?: unknown;
}

/**
 * The one error family. `message` is one sentence for people; `code` is for programs. An error made by another copy of
 * this package is recognised by `instanceof` too.
 */
export class DetentError extends Error {
  static override [Symbol.hasInstance](value: unknown): value is DetentError {
    return value instanceof Error && value.name === 'DetentError' && 'code' in value;
  }

  override readonly name: string = 'DetentError';
  readonly code: ErrorCode;
  readonly hint: string | undefined;
  readonly facts: ErrorFacts;

  constructor(code: ErrorCode, message: string, details: ErrorDetails = {}) {
    super(message, details.cause === undefined ? undefined : { cause: details.cause });
    this.code = code;
    this.hint = details.hint;
    this.facts = details.facts ?? {};
  }

  toJSON(): ErrorDocument {
    return describeError(this);
  }
}

/** An error that validation found; many are reported at once. */
export type Problem = DetentError;

/** An error as `--json` shows it. */
export interface ErrorDocument {
  readonly code: ErrorCode;
  readonly message: string;
  readonly hint?: string;
  readonly facts?: ErrorFacts;
  readonly cause?: string;
}

export function describeError(error: DetentError): ErrorDocument {
  const { cause } = error;
  return {
    code: error.code,
    message: error.message,
    ...(error.hint === undefined ? {} : { hint: error.hint }),
    ...(Object.keys(error.facts).length === 0 ? {} : { facts: error.facts }),
    ...(cause instanceof Error ? { cause: `${cause.name}: ${cause.message}` } : {}),
  };
}

/** Makes a `DetentError` of whatever was thrown. `code` and `message` are for what is not one already. */
export function asDetentError(thrown: unknown, code: ErrorCode, message: (words: string) => string): DetentError {
  if (thrown instanceof DetentError) return thrown;
  const words = thrown instanceof Error ? thrown.message : String(thrown);
  return new DetentError(code, message(words), { cause: thrown });
}

/** `CONFIG` for a programmer's mistake in calling Detent. */
export function misuse(message: string, hint?: string): DetentError {
  return new DetentError('CONFIG', message, hint === undefined ? {} : { hint });
}
