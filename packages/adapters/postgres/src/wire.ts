import type { DetentError } from '@detent/core';
import type { ServerMessage } from './driver.ts';
import { failureFrom, type Failure } from './failure.ts';

/** Outside a transaction, in one, or in one that failed: what the server says after every message. */
export type Status = 'I' | 'T' | 'E';

/** A row in the server's own words. */
export type TextRow = Readonly<Record<string, string | null>>;

/** What one statement of a message came to. */
export interface Answer {
  /** `INSERT 0 3`; empty for an empty query. */
  readonly tag: string;
  readonly rows: readonly TextRow[];
}

/** One connection, the same over every driver. */
export interface Wire {
  /** What migrations get. */
  readonly db: unknown;
  /** The process number that the server gave at the start; `null` where there is no server. */
  readonly startPid: number | null;
  readonly serverVersion: string | null;
  /** After the last answer. */
  readonly status: Status;
  readonly isOpen: boolean;
  /** Why it was dropped; `null` when it was not. */
  readonly dropped: DetentError | null;
  /** Nobody waits for an answer: what is sent now is executed before anything else. */
  readonly isIdle: boolean;
  /** The status now, also after code that used the driver by itself. */
  look(): Promise<Status>;
  /**
   * Sends a text by the simple protocol, in one message, and gives what each of its statements came to. `hear` is told of
   * each as it comes. `behind`: the one message that is still being answered was sent by `run`, and this one is sent before
   * its answer is there. Throws `Refused`.
   */
  run(text: string, hear?: (answer: Answer, index: number) => void, behind?: boolean): Promise<readonly Answer[]>;
  /** Binds values; rows with the driver's types. */
  query(text: string, values: readonly unknown[]): Promise<readonly Record<string, unknown>[]>;
  /** `null` where the driver has no streams. */
  readonly copy: Copy | null;
  /** Ends the connection at once. What waits for an answer, and whatever is asked later, is refused with `reason` as its cause. */
  drop(reason: DetentError): void;
  /** `dirty`: the connection may not be used again by anybody. Never throws. */
  close(dirty: boolean): Promise<void>;
}

/** Rows in the server's own words, as a stream: they never become values of the driver. Both throw `Refused`. */
export interface Copy {
  /** A `COPY … TO STDOUT`. What `take` returns is waited for before more is read; its error ends the connection. Gives the rows. */
  out(text: string, take: (bytes: Buffer) => Promise<void> | undefined): Promise<number>;
  /** A `COPY … FROM STDIN`. An error of `source` fails the command and is thrown on. Gives the rows. */
  in(text: string, source: AsyncIterable<Uint8Array>): Promise<number>;
}

/** The server refused a statement, or the connection broke. */
export class Refused extends Error {
  override readonly name: string = 'Refused';
  readonly failure: Failure;
  /** What the statements before the refused one came to. */
  readonly answers: readonly Answer[];

  constructor(failure: Failure, answers: readonly Answer[], cause: unknown) {
    super(failure.message, { cause });
    this.failure = failure;
    this.answers = answers;
  }
}

/** Gathers the messages that answer one simple query. */
export interface AnswerReader {
  take(message: ServerMessage): void;
  readonly answers: readonly Answer[];
  readonly error: unknown;
}

export function readAnswers(hear?: (answer: Answer, index: number) => void): AnswerReader {
  const answers: Answer[] = [];
  let columns: readonly string[] = [];
  let rows: TextRow[] = [];
  let error: unknown = null;
  const finish = (tag: string): void => {
    const answer = { tag, rows };
    answers.push(answer);
    rows = [];
    columns = [];
    hear?.(answer, answers.length - 1);
  };
  return {
    answers,
    get error() {
      return error;
    },
    take(message) {
      switch (message.name) {
        case 'rowDescription':
          columns = (message.fields ?? []).map((field) => (field as { readonly name: string }).name);
          break;
        case 'dataRow':
          rows.push(rowOf(columns, (message.fields ?? []) as readonly (string | null)[]));
          break;
        case 'commandComplete':
          finish(message.text ?? '');
          break;
        case 'emptyQuery':
          finish('');
          break;
        case 'error':
          error ??= message;
          break;
        default:
          break;
      }
    },
  };
}

function rowOf(columns: readonly string[], fields: readonly (string | null)[]): TextRow {
  const row: Record<string, string | null> = {};
  columns.forEach((column, index) => (row[column] = fields[index] ?? null));
  return row;
}

export function refused(error: unknown, answers: readonly Answer[]): Refused {
  return new Refused(failureFrom(error), answers, error);
}

export function toStatus(status: string | undefined, before: Status): Status {
  return status === 'I' || status === 'T' || status === 'E' ? status : before;
}
