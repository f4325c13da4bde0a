import {
  AUTOCOMMIT,
  IN_TRANSACTION,
  MULTI_STATEMENTS,
  type CoreConnection,
  type QueryCommand,
  type ResultHeader,
} from './driver.ts';
import { Refused, type Answer, type Status, type TakeRow, type TextRow, type Wire } from './wire.ts';

export interface WireSettings {
  readonly core: CoreConnection;
  /** What migrations get. */
  readonly db: unknown;
  /** Gives the connection back. */
  readonly release: (dirty: boolean) => Promise<void>;
}

/** A connected client of mysql2, with callbacks underneath whatever migrations get. */
export function mysql2Wire({ core, db, release }: WireSettings): Wire {
  let status: Status = { inTransaction: false, autocommit: true };
  let unsure = false;
  let lost: Error | null = null;
  let closed = false;
  let running = 0;
  /** Questions without an answer yet: the driver tells only the connection when that breaks. */
  const waiting = new Set<(error: Error) => void>();

  const onError = (error: Error): void => {
    lost ??= error;
    for (const fail of waiting) fail(error);
    waiting.clear();
  };
  const onEnd = (): void => onError(Object.assign(new Error('The server closed the connection.'), { code: 'CLOSED' }));
  core.on('error', onError);
  core.on('end', onEnd);

  /** Without an array it does not look for places of values, unless it was told to look for names of values. */
  const none = core.config.namedPlaceholders === true ? [] : null;
  const takesMany = ((core.config.clientFlags ?? 0) & MULTI_STATEMENTS) !== 0;
  const isOpen = (): boolean => lost === null && !closed && !core.stream.destroyed;
  const assertOpen = (): void => {
    if (!isOpen()) throw new Refused(lost ?? new Error('The connection is closed.'), []);
  };

  const send = (text: string, before: readonly Answer[]): Promise<readonly Answer[]> =>
    new Promise((resolve, reject) => {
      const reader = answerReader();
      let error: unknown = null;
      const fail = (thrown: Error): void => reject(new Refused(thrown, [...before, ...reader.answers]));
      const finish = (): void => {
        if (!waiting.delete(fail)) return;
        if (reader.status !== null) {
          status = {
            inTransaction: (reader.status & IN_TRANSACTION) !== 0,
            autocommit: (reader.status & AUTOCOMMIT) !== 0,
          };
          unsure = false;
        }
        if (error === null) resolve([...before, ...reader.answers]);
        // Only the server knows what an error took along: a deadlock ends the transaction, a duplicate key does not.
        else {
          unsure = true;
          reject(new Refused(error, [...before, ...reader.answers]));
        }
      };
      waiting.add(fail);
      const command = core.query({ sql: text, values: none, typeCast: (field) => field.string() });
      reader.hear(command);
      command.on('error', (thrown) => (error = thrown)).on('end', finish);
    });

  const run = async (...texts: readonly string[]): Promise<readonly Answer[]> => {
    assertOpen();
    running += 1;
    try {
      if (takesMany) return await send(texts.join(';\n'), []);
      let answers: readonly Answer[] = [];
      for (const text of texts) answers = await send(text, answers);
      return answers;
    } finally {
      running -= 1;
    }
  };

  const stream = (text: string, take: TakeRow): Promise<void> =>
    new Promise((resolve, reject) => {
      let isOver = false;
      const fail = (thrown: unknown): void => {
        isOver = true;
        reject(thrown instanceof Error ? thrown : new Error(String(thrown)));
      };
      const lose = (thrown: Error): void => fail(new Refused(thrown, []));
      waiting.add(lose);
      unsure = true;
      core
        .query({ sql: text, values: none, rowsAsArray: true, typeCast: (field) => field.buffer() })
        .on('result', (row) => {
          if (isOver) return;
          try {
            const pending = take(row as readonly (Buffer | null)[]);
            if (pending === undefined) return;
            core.pause();
            pending.catch(fail).finally(() => core.resume());
          } catch (thrown) {
            fail(thrown);
          }
        })
        .on('error', lose)
        .on('end', () => {
          if (waiting.delete(lose)) resolve();
        });
    });

  return {
    db,
    startId: core.threadId,
    takesMany,
    get status() {
      return status;
    },
    get isOpen() {
      return isOpen();
    },
    get isIdle() {
      return running === 0;
    },
    suspect: () => (unsure = true),
    trust: () => (unsure = false),

    async look() {
      if (unsure) await run('DO 0');
      return status;
    },

    run,

    async rows(text, take) {
      assertOpen();
      running += 1;
      try {
        await stream(text, take);
      } finally {
        running -= 1;
      }
    },

    async query(text, values) {
      assertOpen();
      unsure = true;
      return new Promise((resolve, reject) => {
        core.query({ sql: text, values }, (error, rows) => {
          if (error !== null) reject(new Refused(error, []));
          else resolve(Array.isArray(rows) ? (rows as Record<string, unknown>[]) : []);
        });
      });
    },

    giveUp() {
      onError(Object.assign(new Error('The server has nothing to do, and gave no answer.'), { code: 'CLOSED' }));
      core.destroy();
    },

    async close(dirty) {
      if (closed) return;
      closed = true;
      await release(dirty || lost !== null).catch(() => undefined);
      // A connection that is given back keeps no listener of ours; one that is gone may still complain.
      core.off('end', onEnd);
      if (lost === null && !dirty) core.off('error', onError);
    },
  };
}

/** Gathers what answers one message. */
function answerReader(): {
  readonly answers: readonly Answer[];
  /** Of the last answer that said it; `null` when none did. */
  readonly status: number | null;
  hear(command: QueryCommand): void;
} {
  const answers: Answer[] = [];
  let rows: TextRow[] | null = null;
  let status: number | null = null;
  return {
    answers,
    get status() {
      return status;
    },
    hear(command) {
      command.on('fields', (fields) => {
        rows = fields === undefined ? null : [];
        if (rows !== null) answers.push({ rows, affected: null, records: null });
      });
      command.on('result', (given) => {
        if (rows !== null) {
          rows.push(given as TextRow);
          return;
        }
        const { affectedRows, info, serverStatus } = given as ResultHeader;
        const [, records] = /^Records: (\d+)/.exec(info) ?? [];
        answers.push({ rows: [], affected: affectedRows, records: records === undefined ? null : Number(records) });
        status = serverStatus;
      });
    },
  };
}
