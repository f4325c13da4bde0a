import { DatabaseError } from 'pg';
import { serialize } from './documentdb-bson.ts';

/** An answer that refuses, with the code that MongoDB has for it. */
export class Refusal extends Error {
  readonly code: number;
  readonly codeName: string;
  readonly labels: readonly string[];

  constructor(code: number, codeName: string, message: string, labels: readonly string[] = []) {
    super(message);
    this.code = code;
    this.codeName = codeName;
    this.labels = labels;
  }
}

/** DocumentDB numbers its errors in its own order; those that tests meet, as MongoDB has them. */
const CODES: ReadonlyMap<number, readonly [number, string]> = new Map([
  [0, [1, 'InternalError']],
  [1, [2, 'BadValue']],
  [4, [14, 'TypeMismatch']],
  [6, [20, 'IllegalOperation']],
  [8, [26, 'NamespaceNotFound']],
  [9, [27, 'IndexNotFound']],
  [13, [40, 'ConflictingUpdateOperators']],
  [15, [48, 'NamespaceExists']],
  [22, [66, 'ImmutableField']],
  [23, [67, 'CannotCreateIndex']],
  [24, [68, 'IndexAlreadyExists']],
  [25, [72, 'InvalidOptions']],
  [26, [73, 'InvalidNamespace']],
  [27, [85, 'IndexOptionsConflict']],
  [28, [86, 'IndexKeySpecsConflict']],
  [30, [115, 'CommandNotSupported']],
  [33, [257, 'TransactionTooOld']],
  [42, [263, 'OperationNotSupportedInTransaction']],
  [48, [11_000, 'DuplicateKey']],
  [456, [121, 'DocumentValidationFailure']],
  [541, [112, 'WriteConflict']],
  [546, [251, 'NoSuchTransaction']],
]);

/** Waited for a lock in vain, or read what another has changed. */
const CONFLICTS: ReadonlySet<string> = new Set(['40001', '40P01', '55P03']);
const CANCELLED = '57014';
const GONE: ReadonlySet<string> = new Set(['57P01', '57P02', '08003', '08006']);
const ALREADY_THERE: ReadonlySet<string> = new Set(['42P07', '42P06', '42710']);

/** What a thrown thing is to a client of MongoDB. */
export function refusalOf(error: unknown, inTransaction: boolean): Refusal {
  if (error instanceof Refusal) return error;
  const words = error instanceof Error ? error.message : String(error);
  return serverError(error instanceof DatabaseError ? (error.code ?? '') : '', words, inTransaction);
}

function serverError(sqlState: string, words: string, inTransaction: boolean): Refusal {
  const transient = inTransaction ? ['TransientTransactionError'] : [];
  if (CONFLICTS.has(sqlState)) return new Refusal(112, 'WriteConflict', words, transient);
  if (sqlState === CANCELLED)
    return /statement timeout/.test(words)
      ? new Refusal(50, 'MaxTimeMSExpired', words)
      : new Refusal(11_601, 'Interrupted', words);
  if (GONE.has(sqlState)) return new Refusal(91, 'ShutdownInProgress', words, transient);
  if (sqlState === '23505') return new Refusal(11_000, 'DuplicateKey', words);
  if (ALREADY_THERE.has(sqlState)) return new Refusal(48, 'NamespaceExists', words);
  const [code, name] = mongoCode(sqlState) ?? [1, sqlState];
  return new Refusal(code, name, words);
}

function mongoCode(sqlState: string): readonly [number, string] | undefined {
  return /^M[0-9A-Z]{4}$/.test(sqlState) ? CODES.get(Number.parseInt(sqlState.slice(1), 36)) : undefined;
}

export function failed(error: unknown, inTransaction = false): Buffer {
  const { code, codeName, message, labels } = refusalOf(error, inTransaction);
  return serialize({ ok: 0, errmsg: message, code, codeName, ...(labels.length === 0 ? {} : { errorLabels: labels }) });
}

/** The code of one write among many, which comes as PostgreSQL packs its five letters. Throws what ends a transaction. */
export function writeCode(packed: number, words: string, inTransaction: boolean): number {
  if (packed < 100_000) return packed;
  let rest = packed;
  let letters = '';
  for (let place = 0; place < 5; place += 1) {
    letters += String.fromCharCode((rest & 63) + 48);
    rest >>= 6;
  }
  if (CONFLICTS.has(letters) || letters === CANCELLED) throw serverError(letters, words, inTransaction);
  return letters === '23505' ? 11_000 : (mongoCode(letters)?.[0] ?? packed);
}
