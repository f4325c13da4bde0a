import type { DetentError } from '@detent/core';
import type { RawClient, ServerMessage, Submittable } from './driver.ts';
import { failureFrom } from './failure.ts';
import { divert, pump } from './wire-copy.ts';
import { readAnswers, refused, toStatus, type Answer, type Status, type Wire } from './wire.ts';

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
  let dropped: DetentError | null = null;
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

  /** Sends something that hears its own answers, and waits until the server is ready again. */
  const submit = <T>(
    make: (
      resolve: (value: T) => void,
      fail: (error: unknown) => void,
    ) => Partial<Submittable> & Pick<Submittable, 'submit'>,
    answers: readonly Answer[],
  ): Promise<T> =>
    new Promise((resolve, reject) => {
      if (lost !== null || closed) {
        reject(refused(lost ?? new Error('The connection is closed.'), []));
        return;
      }
      const ignore = (): undefined => undefined;
      client.query({
        handleRowDescription: ignore,
        handleDataRow: ignore,
        handleCommandComplete: ignore,
        handleEmptyQuery: ignore,
        handlePortalSuspended: ignore,
        handleCopyInResponse: (connection) =>
          connection.sendCopyFail('COPY FROM STDIN has no data here; write INSERT, or COPY from a file of the server.'),
        handleCopyData: ignore,
        handleReadyForQuery: ignore,
        handleError(thrown) {
          failing.add(() => reject(refused(dropped ?? thrown, answers)));
          if (failureFrom(thrown).kind === 'lost') onError(thrown);
        },
        ...make(resolve, reject),
      });
    });

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
    get dropped() {
      return dropped;
    },
    get isIdle() {
      return client.readyForQuery === true;
    },

    run(text, hear, behind = false) {
      const reader = readAnswers(hear);
      // The driver would keep it until the server is ready. So it goes now, and its turn in the driver is to listen.
      const isSent = behind && lost === null && !closed;
      if (isSent) client.connection.query(text);
      const take = (message: ServerMessage): void => reader.take(message);
      return submit<readonly Answer[]>(
        (resolve) => ({
          submit(connection) {
            if (!isSent) connection.query(text);
            return null;
          },
          handleRowDescription: take,
          handleDataRow: take,
          handleCommandComplete: take,
          handleEmptyQuery: () => reader.take({ name: 'emptyQuery' }),
          handleReadyForQuery: () => resolve(reader.answers),
        }),
        reader.answers,
      );
    },

    copy: {
      async out(text, take) {
        let taken = async (): Promise<void> => undefined;
        let rows = 0;
        await submit<void>((resolve, fail) => {
          // The whole stream is unknown to the driver, so after a failure the connection is of no use.
          const broken = (error: unknown): void => {
            fail(error);
            client.connection.stream.destroy();
          };
          return {
            submit(connection) {
              taken = divert(connection.stream, take, broken);
              connection.query(text);
              return null;
            },
            handleCommandComplete: ({ text: tag }) => (rows = rowsIn(tag)),
            handleReadyForQuery: () => resolve(),
          };
        }, []);
        await taken();
        return rows;
      },

      async in(text, source) {
        let broken: { readonly error: unknown } | null = null;
        let over = false;
        let rows = 0;
        try {
          await submit<void>(
            (resolve) => ({
              submit(connection) {
                connection.query(text);
                return null;
              },
              handleCopyInResponse(connection) {
                void pump(connection, source, () => over || lost !== null).catch((error: unknown) => {
                  broken = { error };
                  if (!over) connection.sendCopyFail('The data could not be read.');
                });
              },
              handleCommandComplete: ({ text: tag }) => (rows = rowsIn(tag)),
              handleReadyForQuery: () => resolve(),
            }),
            [],
          );
          return rows;
        } catch (error) {
          throw broken === null ? error : (broken as { readonly error: unknown }).error;
        } finally {
          over = true;
        }
      },
    },

    look: async () => status,

    async query(text, values) {
      if (lost !== null || closed) throw refused(lost ?? new Error('The connection is closed.'), []);
      try {
        return (await client.query(text, [...values])).rows;
      } catch (error) {
        throw refused(dropped ?? error, []);
      }
    },

    drop(reason) {
      dropped ??= reason;
      lost ??= reason;
      client.connection.stream.destroy();
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

function rowsIn(tag: string | undefined): number {
  return Number(tag?.replace(/^COPY /, '') ?? 0);
}
