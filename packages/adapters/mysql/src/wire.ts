import { failureFrom, withoutStatement, type Failure } from './failure.ts';

/** What the server says after a statement. */
export interface Status {
  readonly inTransaction: boolean;
  /** Off: each statement begins a transaction that stays open. */
  readonly autocommit: boolean;
}

/** A row in the server's own words. */
export type TextRow = Readonly<Record<string, string | null>>;

/** What one statement came to; a CALL gives several. */
export interface Answer {
  readonly rows: readonly TextRow[];
  /** Rows changed; `null` where the statement gave rows. */
  readonly affected: number | null;
  /** Rows looked at by a statement that writes what it reads; `null` where it is none. */
  readonly records: number | null;
}

/** The fields are good until it returns, or until its promise is kept. */
export type TakeRow = (fields: readonly (Buffer | null)[]) => Promise<void> | undefined;

/** One connection. */
export interface Wire {
  /** What migrations get. */
  readonly db: unknown;
  /** The number of the connection in the server, as the server gave it at the start. */
  readonly startId: number | null;
  /** Several statements may go in one message. */
  readonly takesMany: boolean;
  /** After the last answer that said it. */
  readonly status: Status;
  readonly isOpen: boolean;
  /** Nobody of Detent waits for an answer. */
  readonly isIdle: boolean;
  /** Code had the connection, so that only the server knows the status. */
  suspect(): void;
  /** What was refused last cannot have changed the status. */
  trust(): void;
  /** The status now. */
  look(): Promise<Status>;
  /**
   * Sends statements, in one message where the connection takes several, and gives what each came to. Stops at the first
   * that is refused. Throws `Refused`.
   */
  run(...texts: readonly string[]): Promise<readonly Answer[]>;
  /**
   * Sends one SELECT and hands over each row as it comes, its fields in the server's own bytes; where `take` gives a promise,
   * the next row waits for it. Throws `Refused`, and what `take` throws: then the connection is busy until the last row came.
   */
  rows(text: string, take: TakeRow): Promise<void>;
  /** Binds values; rows with the driver's types. Throws `Refused`. */
  query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** The answer that is awaited will not come: the connection is as good as broken. */
  giveUp(): void;
  /** `dirty`: the connection may not be used again by anybody. Never throws. */
  close(dirty: boolean): Promise<void>;
}

/** The server refused a statement, or the connection broke. */
export class Refused extends Error {
  override readonly name: string = 'Refused';
  readonly failure: Failure;
  /** What the statements before the refused one came to. */
  readonly answers: readonly Answer[];

  constructor(thrown: unknown, answers: readonly Answer[]) {
    const failure = failureFrom(thrown);
    super(failure.message, { cause: withoutStatement(thrown) });
    this.failure = failure;
    this.answers = answers;
  }
}

export function isRefused(thrown: unknown, ...codes: readonly number[]): thrown is Refused {
  return thrown instanceof Refused && thrown.failure.kind === 'refused' && codes.includes(Number(thrown.failure.code));
}

/** The first column of the first row. */
export function valueOf(answer: Answer | undefined): string | null {
  return Object.values(answer?.rows[0] ?? {})[0] ?? null;
}
