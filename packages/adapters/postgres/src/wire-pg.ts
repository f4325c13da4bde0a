import type { RawClient, ServerMessage, Submittable } from './driver.ts';
import { failureFrom } from './failure.ts';
import { readAnswers, refused, toStatus, type Status, type Wire } from './wire.ts';

export interface PgWireSettings {
  readonly client: RawClient;
  readonly serverVersion: string | null;
  /** The status when it is handed over. */
  readonly status: Status;
  /** Gives the connection back. */
  readonly release: (dirty: boolean) => Promise<void>;
}

/** A connected client of `pg`. It hears every message, so it knows the status after code of a migration too. */
export function pgWire({ client, serverVersion, status: initial, release }: PgWireSettings): Wire {
  let status: Status = initial;
  let lost: Error | null = null;
  let closed = false;
  /** Questions that were refused and wait for the server to be ready again, which it never is after a fatal error. */
  const failing = new Set<() => void>();
  const settle = (): void => {
    const done = [...failing];
    failing.clear();
    for (const reject of done) reject();
  };

  const onReady = (message: ServerMessage): void => {
    status = toStatus(message.status, status);
    settle();
  };
  const onError = (error: Error): void => {
    lost ??= error;
    settle();
  };
  const onEnd = (): void => onError(new Error('The connection was closed.'));
  client.connection.on('readyForQuery', onReady);
  client.on('error', onError);
  client.on('end', onEnd);

  return {
    db: client,
    startPid: client.processID,
    serverVersion,
    get status() {
      return status;
    },
    get isOpen() {
      return lost === null && !closed;
    },
    get isIdle() {
      return client.readyForQuery === true;
    },

    run: (text, hear) =>
      new Promise((resolve, reject) => {
        const reader = readAnswers(hear);
        if (lost !== null || closed) {
          reject(refused(lost ?? new Error('The connection is closed.'), []));
          return;
        }
        const question: Submittable = {
          submit(connection) {
            connection.query(text);
            return null;
          },
          handleRowDescription: (message) => reader.take(message),
          handleDataRow: (message) => reader.take(message),
          handleCommandComplete: (message) => reader.take(message),
          handleEmptyQuery: () => reader.take({ name: 'emptyQuery' }),
          handlePortalSuspended: () => undefined,
          handleCopyInResponse: (connection) =>
            connection.sendCopyFail(
              'COPY FROM STDIN has no data here; write INSERT, or COPY from a file of the server.',
            ),
          handleCopyData: () => undefined,
          handleReadyForQuery: () => resolve(reader.answers),
          handleError(thrown) {
            failing.add(() => reject(refused(thrown, reader.answers)));
            if (failureFrom(thrown).kind === 'lost') onError(thrown);
          },
        };
        client.query(question);
      }),

    look: async () => status,

    async query(text, values) {
      if (lost !== null || closed) throw refused(lost ?? new Error('The connection is closed.'), []);
      try {
        return (await client.query(text, [...values])).rows;
      } catch (error) {
        throw refused(error, []);
      }
    },

    async close(dirty) {
      if (closed) return;
      closed = true;
      client.connection.off('readyForQuery', onReady);
      await release(dirty || lost !== null).catch(() => undefined);
      // A client that is given back keeps no listener of ours; one that is gone may still complain.
      client.off('end', onEnd);
      if (lost === null && !dirty) client.off('error', onError);
    },
  };
}
