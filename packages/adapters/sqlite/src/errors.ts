import { accessSync, constants, statSync } from 'node:fs';
import { dirname } from 'node:path';
import { DetentError } from '@detent/core';

/** What SQLite said, whichever driver passed it on. */
export interface Failure {
  /** `SQLITE_CONSTRAINT_UNIQUE`. */
  readonly code: string;
  /** `SQLITE_CONSTRAINT`. */
  readonly primary: string;
  readonly message: string;
}

/** `null` for an error that is not SQLite's. */
export function failureOf(thrown: unknown): Failure | null {
  if (!(thrown instanceof Error)) return null;
  const { code, errcode } = thrown as Error & { readonly code?: unknown; readonly errcode?: unknown };
  if (typeof errcode === 'number') {
    const primary = PRIMARY_CODES[errcode & 0xff] ?? 'SQLITE_ERROR';
    return { code: EXTENDED_CODES[errcode] ?? primary, primary, message: thrown.message };
  }
  if (typeof code !== 'string' || !code.startsWith('SQLITE_')) return null;
  return { code, primary: code.split('_', 2).join('_'), message: thrown.message };
}

/** Makes a typed error of what went wrong outside any statement of a migration; anything else is given back as it is. */
export function translate(thrown: unknown, path: string | null): unknown {
  const failure = failureOf(thrown);
  if (failure === null || thrown instanceof DetentError) return thrown;
  const details = { facts: { server: failure.message, serverCode: failure.code }, cause: thrown };
  switch (failure.primary) {
    case 'SQLITE_BUSY':
    case 'SQLITE_LOCKED':
      return new DetentError('LOCK_TIMEOUT', 'Another connection has the database locked.', {
        hint: 'Wait until its transaction ends, and start again.',
        ...details,
      });
    case 'SQLITE_READONLY':
      return new DetentError('READ_ONLY', `The database ${path ?? 'in memory'} cannot be written to.`, {
        hint: 'Give this user the right to write to the file and to its folder, where SQLite keeps its journal.',
        ...details,
      });
    case 'SQLITE_NOTADB':
      return new DetentError('CONNECTION', `${path ?? 'The file'} is not a SQLite database, or it is encrypted.`, {
        hint: 'Check the path; nothing was changed.',
        ...details,
      });
    case 'SQLITE_CORRUPT':
      return new DetentError('CONNECTION', `The database ${path ?? 'in memory'} is damaged.`, {
        hint: 'Keep a copy of the file, then run `PRAGMA integrity_check` or restore a backup.',
        ...details,
      });
    case 'SQLITE_FULL':
      return new DetentError('STATEMENT_FAILED', 'The disk is full; SQLite has undone the transaction.', {
        hint: 'Free some space and start again.',
        ...details,
      });
    case 'SQLITE_CANTOPEN':
      return new DetentError('CONNECTION', `SQLite cannot open ${path ?? 'the database'}.`, {
        hint: 'Check that the file and its folder exist and that this user may read and write both.',
        ...details,
      });
    case 'SQLITE_IOERR':
      return new DetentError(
        'CONNECTION',
        `SQLite failed to read or write ${path ?? 'the database'}: ${failure.message}.`,
        {
          hint: 'Look at the disk. Where the application has the file open in the same process, let Detent have the same driver.',
          ...details,
        },
      );
    default:
      return new DetentError('INTERNAL', `SQLite failed: ${failure.message}.`, details);
  }
}

/** What stands in the way of opening `path`, before SQLite is asked; `null` when nothing does. The file may be missing. */
export function obstacle(path: string): DetentError | null {
  const folder = dirname(path);
  const stat = statSync(path, { throwIfNoEntry: false });
  if (stat === undefined) {
    const above = statSync(folder, { throwIfNoEntry: false });
    if (above === undefined) {
      return new DetentError('CONNECTION', `The folder ${folder} does not exist.`, {
        hint: 'Create it, or correct the path of the database.',
      });
    }
    if (!above.isDirectory())
      return new DetentError('CONNECTION', `${folder} is a file, not a folder.`, {
        hint: 'Correct the path of the database.',
      });
    return null;
  }
  if (stat.isDirectory())
    return new DetentError('CONNECTION', `${path} is a folder, not a database.`, {
      hint: 'Name the database file inside it.',
    });
  if (!stat.isFile())
    return new DetentError('CONNECTION', `${path} is not a regular file.`, { hint: 'Name a database file.' });
  if (allowed(path, constants.R_OK)) return null;
  return new DetentError('CONNECTION', `This user may not read ${path}.`, {
    hint: 'Give it the right to, or run as another user.',
  });
}

/** Why nothing can be written at `path`; `null` when it can. */
export function writeObstacle(path: string): DetentError | null {
  const hint = 'Give this user the right to write to the file and to its folder, where SQLite keeps its journal.';
  const exists = statSync(path, { throwIfNoEntry: false }) !== undefined;
  if (exists && !allowed(path, constants.W_OK))
    return new DetentError('READ_ONLY', `This user may not write to ${path}.`, { hint });
  if (!allowed(dirname(path), constants.W_OK))
    return new DetentError('READ_ONLY', `This user may not write to the folder ${dirname(path)}.`, { hint });
  return null;
}

function allowed(path: string, mode: number): boolean {
  try {
    accessSync(path, mode);
    return true;
  } catch {
    return false;
  }
}

/** By number, as in SQLite's list of result codes. */
const PRIMARY_CODES: Readonly<Record<number, string>> = {
  1: 'SQLITE_ERROR',
  2: 'SQLITE_INTERNAL',
  3: 'SQLITE_PERM',
  4: 'SQLITE_ABORT',
  5: 'SQLITE_BUSY',
  6: 'SQLITE_LOCKED',
  7: 'SQLITE_NOMEM',
  8: 'SQLITE_READONLY',
  9: 'SQLITE_INTERRUPT',
  10: 'SQLITE_IOERR',
  11: 'SQLITE_CORRUPT',
  12: 'SQLITE_NOTFOUND',
  13: 'SQLITE_FULL',
  14: 'SQLITE_CANTOPEN',
  15: 'SQLITE_PROTOCOL',
  16: 'SQLITE_EMPTY',
  17: 'SQLITE_SCHEMA',
  18: 'SQLITE_TOOBIG',
  19: 'SQLITE_CONSTRAINT',
  20: 'SQLITE_MISMATCH',
  21: 'SQLITE_MISUSE',
  22: 'SQLITE_NOLFS',
  23: 'SQLITE_AUTH',
  24: 'SQLITE_FORMAT',
  25: 'SQLITE_RANGE',
  26: 'SQLITE_NOTADB',
};

const EXTENDED_CODES: Readonly<Record<number, string>> = {
  261: 'SQLITE_BUSY_RECOVERY',
  517: 'SQLITE_BUSY_SNAPSHOT',
  773: 'SQLITE_BUSY_TIMEOUT',
  776: 'SQLITE_READONLY_ROLLBACK',
  275: 'SQLITE_CONSTRAINT_CHECK',
  531: 'SQLITE_CONSTRAINT_COMMITHOOK',
  787: 'SQLITE_CONSTRAINT_FOREIGNKEY',
  1043: 'SQLITE_CONSTRAINT_FUNCTION',
  1299: 'SQLITE_CONSTRAINT_NOTNULL',
  1555: 'SQLITE_CONSTRAINT_PRIMARYKEY',
  1811: 'SQLITE_CONSTRAINT_TRIGGER',
  2067: 'SQLITE_CONSTRAINT_UNIQUE',
  2323: 'SQLITE_CONSTRAINT_VTAB',
  2579: 'SQLITE_CONSTRAINT_ROWID',
  2835: 'SQLITE_CONSTRAINT_PINNED',
  3091: 'SQLITE_CONSTRAINT_DATATYPE',
};
